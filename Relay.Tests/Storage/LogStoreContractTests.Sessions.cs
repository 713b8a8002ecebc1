using FluentAssertions;
using Relay.Contracts;
using Relay.Server.Storage;
using Xunit;

namespace Relay.Tests.Storage;

// Creating, finding, listing and ending sessions.
public abstract partial class LogStoreContractTests
{
    private static readonly TimeSpan TombstoneLife = TimeSpan.FromHours(1);

    [Fact]
    public async Task A_created_session_is_found_by_its_exact_id()
    {
        var log = await Store.NewSession("Nightly 1");

        (await Store.FindAsync("Nightly 1", CancellationToken.None)).Should().BeSameAs(log);
        (await Store.FindAsync("nightly 1", CancellationToken.None)).Should().BeNull();
        log.Id.Should().Be("Nightly 1");
        log.CreatedAt.Should().Be(Time.GetUtcNow());
        log.StoredActivityAt.Should().Be(Time.GetUtcNow());
        log.Gone.Should().Be(EndReason.None);
    }

    [Fact]
    public async Task A_new_session_is_empty_and_waits_for_its_writer()
    {
        var snapshot = (await Store.NewSession()).Snapshot();

        snapshot.Outputs.Select(output => (output.Output, output.Phase, output.Length, output.Lines, output.Writer)).Should().Equal(
            (OutputType.Stdout, OutputPhase.Waiting, 0L, 0L, null),
            (OutputType.Stderr, OutputPhase.Waiting, 0L, 0L, null));
        snapshot.Completion.Should().BeNull();
        snapshot.HasWriter.Should().BeFalse();
    }

    [Fact]
    public async Task A_second_session_of_the_same_id_is_refused_and_harms_nothing()
    {
        var log = await Store.NewSession();
        await log.Write(await log.Lease(), "mine");

        var again = () => Store.NewSession();

        await again.Should().ThrowAsync<SessionExistsException>();
        (await Store.Session()).ReadAll().Text().Should().Be("mine");
    }

    [Fact]
    public async Task Of_many_that_create_the_same_session_at_once_one_wins()
    {
        var attempts = await Task.WhenAll(Enumerable.Range(0, 16).Select(_ => Task.Run(async () =>
        {
            try
            {
                return await Store.NewSession();
            }
            catch (SessionExistsException)
            {
                return null;
            }
        })));

        attempts.Where(log => log is not null).Should().ContainSingle().Which.Should().BeSameAs(await Store.Session());
    }

    [Fact]
    public async Task The_list_holds_every_session_and_no_other()
    {
        foreach (var id in new[] { "a", "b", "c" })
        {
            await Store.NewSession(id);
        }

        await Store.DeleteAsync(await Store.Session("b"), EndReason.Deleted, unlessHeld: false, CancellationToken.None);

        (await Store.ListAsync(CancellationToken.None)).Select(log => log.Id).Should().BeEquivalentTo("a", "c");
    }

    [Fact]
    public async Task Labels_come_back_as_they_were_given()
    {
        var labels = new Dictionary<string, string>(StringComparer.Ordinal) { ["cluster"] = "yarn ✓", ["Empty"] = "" };

        var log = await Store.CreateAsync("s", labels, null, CancellationToken.None);

        log.Labels.Should().Equal(labels);
    }

    [Theory]
    [InlineData(EndReason.Deleted, RelayErrorCode.SessionDeleted)]
    [InlineData(EndReason.Expired, RelayErrorCode.SessionExpired)]
    public async Task An_ended_session_is_gone_and_its_tombstone_says_why(EndReason reason, RelayErrorCode code)
    {
        var log = await Store.NewSession();
        var seen = log.Changed.Version;

        (await Store.DeleteAsync(log, reason, unlessHeld: false, CancellationToken.None)).Should().BeTrue();

        (await Store.FindAsync("nightly", CancellationToken.None)).Should().BeNull();
        var tombstone = await Store.FindTombstoneAsync("nightly", CancellationToken.None);
        tombstone.Should().Be(new Tombstone("nightly", reason, Time.GetUtcNow()));
        tombstone!.ToException().Code.Should().Be(code);
        log.Gone.Should().Be(reason);
        log.Changed.Version.Should().NotBe(seen, "readers are told");
    }

    [Fact]
    public async Task A_session_ends_once()
    {
        var log = await Store.NewSession();
        await Store.DeleteAsync(log, EndReason.Deleted, unlessHeld: false, CancellationToken.None);
        await Store.NewSession();

        (await Store.DeleteAsync(log, EndReason.Expired, unlessHeld: false, CancellationToken.None)).Should().BeFalse();

        (await Store.Session()).Gone.Should().Be(EndReason.None, "the new session of the same id is another one");
        log.Gone.Should().Be(EndReason.Deleted);
    }

    [Fact]
    public async Task An_ended_session_refuses_leases_appends_and_readers()
    {
        var log = await Store.NewSession();
        var lease = await log.Lease();
        await Store.DeleteAsync(log, EndReason.Deleted, unlessHeld: false, CancellationToken.None);

        lease.LossReason!.Code.Should().Be(RelayErrorCode.SessionDeleted);
        await LogSteps.Refused(() => log.Write(lease, "late"), RelayErrorCode.SessionDeleted);
        await LogSteps.Refused(() => log.Lease("other"), RelayErrorCode.SessionDeleted);
        await LogSteps.Refused(() => log.Complete(lease), RelayErrorCode.SessionDeleted);
        await LogSteps.Refused(() => Task.FromResult(log.ReadAll()), RelayErrorCode.SessionDeleted);
        await log.Leave(lease);
    }

    [Fact]
    public async Task A_session_whose_writer_is_there_is_spared_when_asked_to()
    {
        var log = await Store.NewSession();
        var lease = await log.Lease();

        (await Store.DeleteAsync(log, EndReason.Expired, unlessHeld: true, CancellationToken.None)).Should().BeFalse();
        await log.Write(lease, "still here");
        await log.Leave(lease);
        (await Store.DeleteAsync(log, EndReason.Expired, unlessHeld: true, CancellationToken.None)).Should().BeTrue();
    }

    [Fact]
    public async Task The_same_id_after_a_deletion_is_a_new_session()
    {
        var first = await Store.NewSession();
        var lease = await first.Lease();
        await first.Write(lease, "old");
        var cursor = first.ReadAll().Cursor;
        await Store.DeleteAsync(first, EndReason.Deleted, unlessHeld: false, CancellationToken.None);

        var second = await Store.NewSession();

        second.Incarnation.Should().NotBe(first.Incarnation).And.BeInRange(0, (1L << 53) - 1);
        second.ReadAll().Entries.Should().BeEmpty();
        (await Store.FindTombstoneAsync("nightly", CancellationToken.None)).Should().BeNull("a new creation clears it");
        await LogSteps.Refused(() => second.Lease("run", attempt: 2, incarnation: first.Incarnation), RelayErrorCode.SessionReplaced);
        await LogSteps.Refused(() => Task.FromResult(second.ReadAll(new ReadFrom.After(cursor))), RelayErrorCode.SessionReplaced);
        await LogSteps.Refused(() => first.Write(lease, "late"), RelayErrorCode.SessionDeleted);
        second.Snapshot()[OutputType.Stdout].Length.Should().Be(0);
    }

    [Fact]
    public async Task A_tombstone_is_remembered_for_its_life_and_then_forgotten()
    {
        await Store.DeleteAsync(await Store.NewSession(), EndReason.Deleted, unlessHeld: false, CancellationToken.None);

        Time.Advance(TombstoneLife - TimeSpan.FromSeconds(1));
        await Store.MaintainAsync(TombstoneLife, CancellationToken.None);
        (await Store.FindTombstoneAsync("nightly", CancellationToken.None)).Should().NotBeNull();

        Time.Advance(TimeSpan.FromSeconds(2));
        await Store.MaintainAsync(TombstoneLife, CancellationToken.None);
        (await Store.FindTombstoneAsync("nightly", CancellationToken.None)).Should().BeNull();
    }

    [Fact]
    public async Task A_reader_that_is_open_when_the_session_goes_does_no_harm()
    {
        var log = await Store.NewSession();
        await log.Write(await log.Lease(), "before");
        using var slow = log.OpenReader(ReadFrom.Start);
        using var quick = log.OpenReader(ReadFrom.Start);
        quick.ReadOn().Text().Should().Be("before");

        await Store.DeleteAsync(log, EndReason.Deleted, unlessHeld: false, CancellationToken.None);
        var next = await Store.NewSession();
        await next.Write(await next.Lease(), "after");
        var late = slow.ReadOn();

        late.Text().Should().BeOneOf(["before", ""], "what stood in the deleted session may still be read, never what stands in the next");
        quick.ReadOn().Data.Should().BeEmpty();
        slow.Dispose();
        quick.Dispose();
        next.ReadAll().Text().Should().Be("after");
    }

    [Fact]
    public async Task The_last_activity_is_stored_and_never_goes_back()
    {
        var log = await Store.NewSession();
        var created = Time.GetUtcNow();

        await log.SaveActivityAsync(created.AddMinutes(5), CancellationToken.None);
        await log.SaveActivityAsync(created.AddMinutes(3), CancellationToken.None);

        log.StoredActivityAt.Should().Be(created.AddMinutes(5));
    }
}
