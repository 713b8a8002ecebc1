using FluentAssertions;
using Relay.Contracts;
using Relay.Server.Storage;
using Xunit;

namespace Relay.Tests.Storage;

// What survives the end of the process, in good order or by kill -9.
public abstract partial class LogStoreContractTests
{
    [Theory]
    [InlineData(Ending.InGoodOrder)]
    [InlineData(Ending.Killed)]
    public async Task Every_written_byte_survives(Ending ending)
    {
        var log = await Store.NewSession();
        var lease = await log.Lease();
        var stdout = LogSteps.Noise(200_000, seed: 3);
        var stderr = LogSteps.Noise(20_000, seed: 4);
        for (var i = 0; i < 100; i++)
        {
            await log.Write(lease, stdout[(i * 2000)..((i + 1) * 2000)]);
            await log.Write(lease, stderr[(i * 200)..((i + 1) * 200)], OutputType.Stderr);
        }

        var before = log.ReadAll();
        await ReopenAsync(ending);

        var back = (await Store.Session()).ReadAll();
        back.Bytes().AsSpan().SequenceEqual(stdout).Should().BeTrue();
        back.Bytes(OutputType.Stderr).AsSpan().SequenceEqual(stderr).Should().BeTrue();
        back.Data.Select(entry => (entry.Sequence, entry.Output, entry.Offset, entry.TimeMicros))
            .Should().Equal(before.Data.Select(entry => (entry.Sequence, entry.Output, entry.Offset, entry.TimeMicros)));
        back.Gaps.Concat(back.Diverged).Should().BeEmpty();
    }

    [Theory]
    [InlineData(Ending.InGoodOrder)]
    [InlineData(Ending.Killed)]
    public async Task What_is_known_of_the_session_survives(Ending ending)
    {
        var labels = new Dictionary<string, string>(StringComparer.Ordinal) { ["team"] = "größe" };
        var log = await Store.CreateAsync("nightly", labels, null, CancellationToken.None);
        await Store.NewSession("untouched");
        await log.Write(await log.Lease(), "one\ntwo\nthree", OutputType.Stderr);
        await log.SaveActivityAsync(Time.GetUtcNow().AddSeconds(90), CancellationToken.None);
        var before = log.Snapshot();

        await ReopenAsync(ending);

        var after = await Store.Session();
        (after.Id, after.Incarnation, after.CreatedAt, after.StoredActivityAt).Should().Be((log.Id, log.Incarnation, log.CreatedAt, log.CreatedAt.AddSeconds(90)));
        after.Labels.Should().Equal(labels);
        after.Snapshot().LastSequence.Should().BeGreaterThanOrEqualTo(before.LastSequence);
        after.Snapshot()[OutputType.Stderr].Should().BeEquivalentTo(
            before[OutputType.Stderr] with { Phase = OutputPhase.Lost, Writer = null },
            same => same.Excluding(output => output.PhaseSince).Excluding(output => output.DurableTo));
        (await Store.ListAsync(CancellationToken.None)).Select(each => each.Id).Should().BeEquivalentTo("nightly", "untouched");
    }

    [Theory]
    [InlineData(Ending.InGoodOrder)]
    [InlineData(Ending.Killed)]
    public async Task Runs_attempts_and_fencing_numbers_survive(Ending ending)
    {
        var log = await Store.NewSession();
        var a = await log.Lease("a", attempt: 4);
        await log.Write(a, "aaaa");
        await log.Leave(a);
        var b = await log.Lease("b", attempt: 2);
        await log.Write(b, "bb");

        await ReopenAsync(ending);

        log = await Store.Session();
        log.Snapshot().HasWriter.Should().BeFalse("the writers' connections died with the relay");
        await LogSteps.Refused(() => log.Lease("b", attempt: 2), RelayErrorCode.Fenced);
        await LogSteps.Refused(() => log.Lease("a", attempt: 4), RelayErrorCode.Fenced);
        var again = await log.Lease("b", attempt: 3);
        again.FencingNumber.Should().BeGreaterThan(b.FencingNumber);
        (again.Start[0].WrittenTo, again.Start[0].Base, again.Start[0].Stored).Should().Be((6, 4, 2));
        (await log.Write(again, "bbb", offset: 4)).Should().Be(7, "a retry over a restart is still stored once");
        await LogSteps.Refused(() => log.Write(again, "x", offset: 3), RelayErrorCode.OffsetBeforeRun);
        await log.Leave(again);
        var back = (await log.Lease("a", attempt: 5)).Start[0];
        (back.WrittenTo, back.Base, back.Stored).Should().Be((7, 7, 4));
    }

    /// <summary>Stop, start, write and kill in every order must leave the same numbers behind: state that is counted twice shows here.</summary>
    [Theory]
    [InlineData(Ending.InGoodOrder, Ending.InGoodOrder)]
    [InlineData(Ending.InGoodOrder, Ending.Killed)]
    [InlineData(Ending.Killed, Ending.InGoodOrder)]
    [InlineData(Ending.Killed, Ending.Killed)]
    public async Task Lines_checksums_and_stored_counts_are_right_over_several_lives(Ending first, Ending second)
    {
        var log = await Store.NewSession();
        var a = await log.Lease("a", attempt: 1);
        await log.Write(a, "one\ntwo\n");
        await log.Leave(a);
        await log.Leave(await log.Lease("b"));
        await log.Write(await log.Lease("a", attempt: 2), "three\n");

        await ReopenAsync(first);
        log = await Store.Session();
        await log.Write(await log.Lease("a", attempt: 3), "four\n");
        await ReopenAsync(second);

        log = await Store.Session();
        var lease = await log.Lease("a", attempt: 4);
        await log.Write(lease, "five\n");
        const string all = "one\ntwo\nthree\nfour\nfive\n";
        log.Snapshot()[OutputType.Stdout].Lines.Should().Be(5);
        log.Snapshot()[OutputType.Stdout].Crc32C.Should().Be(LogSteps.Total(all).Crc32C);
        lease.Start[0].Stored.Should().Be(all.Length - 5);
        log.ReadAll(new ReadFrom.LastLines(2, OutputTypes.All)).Text().Should().Be("four\nfive\n");
        (await log.Complete(lease, 0, LogSteps.Total(all))).Verdicts[OutputType.Stdout].Should().Be(Verdict.Verified);
    }

    [Theory]
    [InlineData(Ending.InGoodOrder)]
    [InlineData(Ending.Killed)]
    public async Task The_completion_survives(Ending ending)
    {
        var log = await Store.NewSession();
        var lease = await log.Lease("run", attempt: 1);
        await log.Write(lease, "done\n");
        await log.Complete(lease, 42, LogSteps.Total("done\n"));

        await ReopenAsync(ending);

        log = await Store.Session();
        var completion = log.Snapshot().Completion!;
        (completion.RunId, completion.ExitCode, completion.Verdicts[OutputType.Stdout]).Should().Be(("run", 42, Verdict.Verified));
        completion.Totals[OutputType.Stdout].Should().Be(new ReportedTotal(5, LogSteps.Total("done\n").Crc32C, Offset: 0));
        log.Snapshot().Outputs.Should().OnlyContain(output => output.Phase == OutputPhase.Ended);
        await LogSteps.Refused(() => log.Lease("other"), RelayErrorCode.SessionCompleted);
        (await log.Complete(await log.Lease("run", attempt: 2), 0)).ExitCode.Should().Be(42);
    }

    [Theory]
    [InlineData(Ending.InGoodOrder)]
    [InlineData(Ending.Killed)]
    public async Task A_reader_resumes_exactly_over_a_restart(Ending ending)
    {
        var log = await Store.NewSession();
        var lease = await log.Lease(attempt: 1);
        await log.Write(lease, "before ");
        var middle = log.ReadAll().Cursor;
        await log.Write(lease, "between ");
        var end = log.ReadAll().Cursor;

        await ReopenAsync(ending);

        log = await Store.Session();
        await log.Write(await log.Lease(attempt: 2), "after");
        var fromMiddle = log.ReadAll(new ReadFrom.After(middle));
        var fromEnd = log.ReadAll(new ReadFrom.After(end));
        fromMiddle.Text().Should().Be("between after");
        fromEnd.Text().Should().Be("after");
        fromMiddle.Gaps.Concat(fromMiddle.Diverged).Concat(fromEnd.Gaps).Concat(fromEnd.Diverged).Should().BeEmpty();
    }

    [Theory]
    [InlineData(Ending.InGoodOrder)]
    [InlineData(Ending.Killed)]
    public async Task A_deleted_session_stays_deleted_and_remembered(Ending ending)
    {
        var log = await Store.NewSession();
        await log.Write(await log.Lease(), "gone");
        await Store.DeleteAsync(log, EndReason.Expired, unlessHeld: false, CancellationToken.None);
        var tombstone = await Store.FindTombstoneAsync("nightly", CancellationToken.None);

        await ReopenAsync(ending);

        (await Store.FindAsync("nightly", CancellationToken.None)).Should().BeNull();
        (await Store.FindTombstoneAsync("nightly", CancellationToken.None)).Should().Be(tombstone);
    }

    [Theory]
    [InlineData(Ending.InGoodOrder)]
    [InlineData(Ending.Killed)]
    public async Task A_session_created_anew_after_a_deletion_survives_as_the_new_one(Ending ending)
    {
        var old = await Store.NewSession();
        await old.Write(await old.Lease(), "old");
        await Store.DeleteAsync(old, EndReason.Deleted, unlessHeld: false, CancellationToken.None);
        var fresh = await Store.NewSession();
        await fresh.Write(await fresh.Lease(), "new");

        await ReopenAsync(ending);

        var log = await Store.Session();
        log.Incarnation.Should().Be(fresh.Incarnation);
        log.ReadAll().Text().Should().Be("new");
        (await Store.FindTombstoneAsync("nightly", CancellationToken.None)).Should().BeNull();
    }
}
