using System.Text;
using FluentAssertions;
using Relay.Contracts;
using Relay.Server.Storage;
using Xunit;

namespace Relay.Tests.Storage;

// Appends that are retried, split, too early or too late; declared gaps; and the completion.
public abstract partial class LogStoreContractTests
{
    private const int LongestRecord = 48 * 1024;

    [Fact]
    public async Task A_retried_chunk_is_stored_once()
    {
        var log = await Store.NewSession();
        var lease = await log.Lease();

        (await log.Write(lease, "abc", offset: 0)).Should().Be(3);
        (await log.Write(lease, "abc", offset: 0)).Should().Be(3);
        (await log.Write(lease, "def", offset: 3)).Should().Be(6);
        (await log.Write(lease, "abc", offset: 0)).Should().Be(6);

        log.ReadAll().Text().Should().Be("abcdef");
    }

    [Fact]
    public async Task A_retry_that_is_cut_in_another_way_adds_only_what_is_new()
    {
        var log = await Store.NewSession();
        var lease = await log.Lease();
        await log.Write(lease, "abcdef", offset: 0);

        await log.Write(lease, "a", offset: 0);
        await log.Write(lease, "bcdefgh", offset: 1);
        await log.Write(lease, "fghij", offset: 5);
        await log.Write(lease, "", offset: 3);
        await log.Write(lease, "", offset: 10);

        var back = log.ReadAll();
        back.Text().Should().Be("abcdefghij");
        back.ShouldBeContiguous(OutputType.Stdout).Should().Be(10);
    }

    [Fact]
    public async Task Every_split_of_a_retry_gives_the_same_log()
    {
        const string text = "0123456789";
        for (var stored = 0; stored <= text.Length; stored++)
        {
            for (var cut = 0; cut <= text.Length; cut++)
            {
                var log = await Store.NewSession($"{stored}-{cut}");
                var first = await log.Lease(attempt: 1);
                await log.Write(first, text[..stored], offset: 0);
                var retry = await log.Lease(attempt: 2);

                await log.Write(retry, text[..cut], offset: 0);
                await log.Write(retry, text[cut..], offset: cut);

                log.ReadAll().Text().Should().Be(text, $"{stored} were stored and the retry was cut at {cut}");
            }
        }
    }

    [Fact]
    public async Task Data_beyond_the_end_is_refused_with_the_offset_that_would_be_right()
    {
        var log = await Store.NewSession();
        var lease = await log.Lease();
        await log.Write(lease, "abc");

        var failure = await LogSteps.Refused(() => log.Write(lease, "x", offset: 4), RelayErrorCode.OffsetMismatch);

        failure.Should().BeOfType<OffsetMismatchException>().Which.ExpectedOffset.Should().Be(3);
        failure.Message.Should().Contain("4").And.Contain("3").And.Contain("stdout");
        await LogSteps.Refused(() => log.Write(lease, "x", OutputType.Stderr, offset: 1), RelayErrorCode.OffsetMismatch);
        log.ReadAll().Text().Should().Be("abc");
    }

    [Fact]
    public async Task Data_below_the_runs_base_is_refused()
    {
        var log = await Store.NewSession();
        var first = await log.Lease("first");
        await log.Write(first, "first");
        await log.Leave(first);
        var second = await log.Lease("second");

        var failure = await LogSteps.Refused(() => log.Write(second, "firs", offset: 0), RelayErrorCode.OffsetBeforeRun);

        failure.Should().BeOfType<OffsetMismatchException>().Which.ExpectedOffset.Should().Be(5);
        await LogSteps.Refused(() => log.Write(second, "tX", offset: 4), RelayErrorCode.OffsetBeforeRun);
        await log.Write(second, "second", offset: 5);
        log.ReadAll().Text().Should().Be("firstsecond");
    }

    [Theory]
    [InlineData(LongestRecord - 1, 1)]
    [InlineData(LongestRecord, 1)]
    [InlineData(LongestRecord + 1, 2)]
    [InlineData((3 * LongestRecord) + 5, 4)]
    public async Task Long_data_is_stored_as_records_of_at_most_64_KiB(int length, int records)
    {
        var log = await Store.NewSession();
        var bytes = LogSteps.Noise(length, seed: length);

        await log.Write(await log.Lease(), bytes, offset: 0);

        var back = log.ReadAll();
        back.Data.Should().HaveCount(records).And.OnlyContain(entry => entry.Data.Length <= LongestRecord);
        back.Bytes().AsSpan().SequenceEqual(bytes).Should().BeTrue();
        log.Snapshot()[OutputType.Stdout].Crc32C.Should().Be(Crc32C.Append(0, bytes));
        log.Snapshot()[OutputType.Stdout].Lines.Should().Be(bytes.Count(b => b == '\n'));
    }

    [Fact]
    public async Task The_memory_of_the_caller_is_free_when_the_append_returns()
    {
        var log = await Store.NewSession();
        var bytes = "original"u8.ToArray();
        await log.Write(await log.Lease(), bytes);

        Array.Clear(bytes);

        log.ReadAll().Text().Should().Be("original");
    }

    [Fact]
    public async Task A_declared_gap_takes_the_place_of_the_bytes_and_offsets_go_on()
    {
        var log = await Store.NewSession();
        var lease = await log.Lease();
        await log.Write(lease, "abc");

        (await log.AppendGapAsync(lease, OutputType.Stdout, 3, 1000, CancellationToken.None)).Should().Be(1003);
        (await log.AppendGapAsync(lease, OutputType.Stdout, 3, 1000, CancellationToken.None)).Should().Be(1003, "a retried gap is stored once");
        (await log.AppendGapAsync(lease, OutputType.Stdout, 1000, 10, CancellationToken.None)).Should().Be(1010, "its overlap is skipped");
        await log.Write(lease, "def", offset: 1010);

        var back = log.ReadAll();
        back.ShouldBeContiguous(OutputType.Stdout).Should().Be(1013);
        back.Gaps.Sum(gap => gap.Length).Should().Be(1007);
        back.Gaps.Should().OnlyContain(gap => gap.Gap == GapReason.LostByWriter && gap.Output == OutputType.Stdout);
        back.Text().Should().Be("abcdef");
    }

    [Theory]
    [InlineData(0, 0, RelayErrorCode.InvalidRequest)]
    [InlineData(0, -1, RelayErrorCode.InvalidRequest)]
    [InlineData(-1, 5, RelayErrorCode.InvalidRequest)]
    [InlineData(0, long.MaxValue, RelayErrorCode.InvalidRequest)]
    [InlineData(0, (1L << 53) + 1, RelayErrorCode.InvalidRequest)]
    [InlineData(1, 5, RelayErrorCode.OffsetMismatch)]
    public async Task A_gap_that_makes_no_sense_is_refused(long offset, long length, RelayErrorCode code)
    {
        var log = await Store.NewSession();
        var lease = await log.Lease();

        await LogSteps.Refused(() => log.AppendGapAsync(lease, OutputType.Stdout, offset, length, CancellationToken.None).AsTask(), code);

        log.Snapshot()[OutputType.Stdout].Length.Should().Be(0);
        log.ReadAll().Entries.Should().BeEmpty();
    }

    [Fact]
    public async Task The_completion_is_stored_once_and_says_the_same_again()
    {
        var log = await Store.NewSession();
        var lease = await log.Lease();
        await log.Write(lease, "all of it");

        var first = await log.Complete(lease, 7, LogSteps.Total("all of it"));
        var second = await log.Complete(lease, 1, LogSteps.Total("something else"));

        first.Should().BeSameAs(second, "the first one counts");
        (first.ExitCode, first.RunId).Should().Be((7, "run"));
        var snapshot = log.Snapshot();
        snapshot.Completion!.ExitCode.Should().Be(7);
        snapshot.Outputs.Should().OnlyContain(output => output.Phase == OutputPhase.Ended);
        await log.Leave(lease);
        log.Snapshot()[OutputType.Stdout].Phase.Should().Be(OutputPhase.Ended);
    }

    [Theory]
    [InlineData("abcdef", false, 6, "abcdef", Verdict.Verified)]
    [InlineData("abcdef", false, 6, "abcdeX", Verdict.Mismatch)]
    [InlineData("abcdef", false, 7, "abcdef", Verdict.Mismatch)]
    [InlineData("abc", true, 6, "anything", Verdict.Incomplete)]
    [InlineData("abc", true, 3, "abc", Verdict.Mismatch)]
    [InlineData("", false, 0, "", Verdict.Verified)]
    public async Task The_verdict_compares_count_and_checksum(string written, bool gap, long bytes, string summed, Verdict verdict)
    {
        var log = await Store.NewSession();
        var lease = await log.Lease();
        await log.Write(lease, written);
        if (gap)
        {
            await log.AppendGapAsync(lease, OutputType.Stdout, written.Length, 3, CancellationToken.None);
        }

        var total = new OutputTotal(OutputType.Stdout, bytes, Crc32C.Append(0, Encoding.UTF8.GetBytes(summed)));
        var completion = await log.Complete(lease, 0, total);

        completion.Verdicts.GetValueOrDefault(OutputType.Stdout).Should().Be(verdict);
        completion.Verdicts.GetValueOrDefault(OutputType.Stderr).Should().Be(Verdict.Unchecked);
        log.Snapshot()[OutputType.Stdout].Verdict.Should().Be(verdict);
        log.Snapshot()[OutputType.Stderr].Verdict.Should().Be(Verdict.Unchecked);
    }

    [Fact]
    public async Task The_verdict_is_about_the_runs_own_bytes_over_all_its_stays()
    {
        var log = await Store.NewSession();
        var a = await log.Lease("a", attempt: 1);
        await log.Write(a, "first ");
        await log.Leave(a);
        var b = await log.Lease("b");
        await log.Write(b, "NOT MINE");
        await log.Leave(b);
        var back = await log.Lease("a", attempt: 2);
        await log.Write(back, "second");

        var completion = await log.Complete(back, 0, LogSteps.Total("first second"), LogSteps.Total("", OutputType.Stderr));

        completion.Verdicts.Should().Equal(new Dictionary<OutputType, Verdict> { [OutputType.Stdout] = Verdict.Verified, [OutputType.Stderr] = Verdict.Verified });
    }

    [Fact]
    public async Task After_the_completion_nothing_is_added_but_the_run_may_ask_again()
    {
        var log = await Store.NewSession();
        var lease = await log.Lease("run", attempt: 1);
        await log.Write(lease, "abc");
        var completion = await log.Complete(lease, 3);
        await LogSteps.Refused(() => log.Write(lease, "more"), RelayErrorCode.SessionCompleted);
        await log.Leave(lease);

        await LogSteps.Refused(() => log.Lease("other"), RelayErrorCode.SessionCompleted);
        var back = await log.Lease("run", attempt: 2);

        back.Start[0].WrittenTo.Should().Be(3);
        (await log.Write(back, "abc", offset: 0)).Should().Be(3, "what is stored may be sent again");
        await LogSteps.Refused(() => log.Write(back, "d", offset: 3), RelayErrorCode.SessionCompleted);
        (await log.Complete(back, 99)).Should().BeSameAs(completion);
        log.ReadAll().Text().Should().Be("abc");
    }

    [Fact]
    public async Task Whoever_holds_one_output_completes_the_session_for_all()
    {
        var log = await Store.NewSession();
        var stdout = await log.Lease("a", outputs: OutputType.Stdout);
        var stderr = await log.Lease("b", outputs: OutputType.Stderr);

        await log.Complete(stdout);

        stderr.LossReason!.Code.Should().Be(RelayErrorCode.SessionCompleted);
        await LogSteps.Refused(() => log.Write(stderr, "late", OutputType.Stderr), RelayErrorCode.SessionCompleted);
        log.Snapshot()[OutputType.Stderr].Phase.Should().Be(OutputPhase.Ended);
    }

    [Fact]
    public async Task What_was_flushed_counts_as_durable()
    {
        var log = await Store.NewSession();
        await log.Write(await log.Lease(), "abc");
        var seen = log.Flushed.Version;

        await log.MakeDurable();

        log.Snapshot()[OutputType.Stdout].DurableTo.Should().Be(3);
        log.Flushed.Version.Should().NotBe(seen);
    }

    [Fact]
    public async Task Messages_that_come_together_are_a_record_each()
    {
        var log = await Store.NewSession();
        var lease = await log.Lease();
        await log.Write(lease, "before|");
        string[] messages = ["one|", "two|", "three|"];

        var end = await AppendMessages(log, lease, messages);

        end.Should().Be(21);
        var back = log.ReadAll();
        back.Data.Select(entry => Encoding.UTF8.GetString(entry.Data.Span)).Should().Equal("before|", "one|", "two|", "three|");
        back.ShouldBeContiguous(OutputType.Stdout).Should().Be(21);
        log.Snapshot()[OutputType.Stdout].Crc32C.Should().Be(LogSteps.Total(back.Text()).Crc32C);
    }

    [Fact]
    public async Task Any_number_of_messages_can_come_together()
    {
        var log = await Store.NewSession();
        var lease = await log.Lease();
        var messages = Enumerable.Range(0, 20_000).Select(i => $"line {i}\n").Append(new string('x', LongestRecord)).ToArray();

        await AppendMessages(log, lease, messages);
        await AppendMessages(log, lease, messages);

        var back = log.ReadAll();
        back.Data.Select(entry => Encoding.UTF8.GetString(entry.Data.Span)).Should().Equal([.. messages, .. messages]);
        back.ShouldBeContiguous(OutputType.Stdout).Should().Be(2 * messages.Sum(message => message.Length));
        log.Snapshot()[OutputType.Stdout].Lines.Should().Be(40_000);
        (await log.Complete(lease, 0, LogSteps.Total(back.Text()))).Verdicts[OutputType.Stdout].Should().Be(Verdict.Verified);
    }

    [Fact]
    public async Task Messages_of_a_lost_lease_are_refused_all_of_them()
    {
        var log = await Store.NewSession();
        var lease = await log.Lease(attempt: 1);
        await log.Lease(attempt: 2);

        var append = () => AppendMessages(log, lease, "one", "two");

        await append.Should().ThrowAsync<RelayException>();

        log.ReadAll().Entries.Should().BeEmpty();
    }

    private static async Task<long> AppendMessages(ISessionLog log, WriterLease lease, params string[] messages)
    {
        var ends = new int[messages.Length];
        for (var i = 0; i < ends.Length; i++)
        {
            ends[i] = (i == 0 ? 0 : ends[i - 1]) + messages[i].Length;
        }

        return await log.AppendMessagesAsync(lease, OutputType.Stdout, Encoding.UTF8.GetBytes(string.Concat(messages)), ends, CancellationToken.None);
    }
}
