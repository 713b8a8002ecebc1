using FluentAssertions;
using Relay.Cli.Verify;
using Relay.Contracts;
using Xunit;

namespace Relay.Tests.Cli;

/// <summary>What a relay must never do, and <c>relay verify</c> must see.</summary>
public sealed class LyingRelayTests
{
    [Fact]
    public async Task The_truth_passes() => (await Judge([Data(0, "123456789")])).Finding.Should().Be(Finding.Verified);

    [Fact]
    public async Task Other_bytes_than_it_has_a_checksum_of_are_seen() =>
        (await Judge([Data(0, "123456780")])).Should().Match<OutputFinding>(it => it.Finding == Finding.Mismatch && it.Remarks[0].Contains("checksum"));

    [Fact]
    public async Task An_end_that_is_left_out_is_seen() =>
        (await Judge([Data(0, "1234567")])).Remarks.Should().Contain("the relay says that there are 9 bytes, but gave this reader 7");

    [Fact]
    public async Task A_hole_that_is_not_announced_is_seen_exactly()
    {
        var finding = await Judge([Data(0, "123"), Data(5, "6789")]);
        finding.Finding.Should().Be(Finding.Incomplete);
        finding.Account.Gaps.Should().Equal(new MissingBytes(3, 2, GapReason.None));
    }

    [Fact]
    public async Task Bytes_that_come_twice_are_seen() =>
        (await Judge([Data(0, "123456789"), Data(6, "789")])).Finding.Should().Be(Finding.Mismatch);

    [Fact]
    public async Task A_verdict_that_the_bytes_do_not_bear_out_is_seen()
    {
        var finding = await Judge([Data(0, "123456789")], status => status with { WriterCrc32C = 1 });
        finding.Finding.Should().Be(Finding.Mismatch);
        finding.Remarks.Should().Equal("the bytes that this reader was given are not those that the writer reported");
    }

    [Fact]
    public async Task A_log_that_diverged_while_it_was_read_proves_nothing() =>
        (await Judge([Data(0, "123456789"), new LogEntry { Kind = LogEntryKind.Diverged, Sequence = 1 }])).Finding.Should().Be(Finding.Mismatch);

    [Fact]
    public void Neighbouring_gaps_of_one_reason_are_one()
    {
        var account = new ReaderAccount(OutputType.Stdout, 0);
        account.Skip(Gap(0, 10));
        account.Skip(Gap(10, 5));
        account.Skip(Gap(15, 5) with { Gap = GapReason.Corrupt });
        account.Gaps.Should().Equal(new MissingBytes(0, 15, GapReason.Trimmed), new MissingBytes(15, 5, GapReason.Corrupt));
        (account.GapCount, account.Position, account.Received).Should().Be((2, 20, 0));
    }

    [Fact]
    public void A_log_of_gaps_does_not_fill_the_memory()
    {
        var account = new ReaderAccount(OutputType.Stdout, 0);
        for (var i = 0; i < 30_000; i++)
        {
            account.Skip(Gap(i, 1) with { Gap = i % 2 == 0 ? GapReason.Trimmed : GapReason.Corrupt });
        }

        account.Gaps.Should().HaveCount(10_000);
        (account.GapCount, account.Position).Should().Be((30_000, 30_000));
    }

    private static async Task<OutputFinding> Judge(LogEntry[] entries, Func<OutputStatus, OutputStatus>? change = null)
    {
        var stdout = new OutputStatus { State = "ended", Bytes = 9, Verdict = "verified", WriterBytes = 9, WriterCrc32C = 0xE3069283, WriterOffset = 0 };
        var status = new SessionStatus
        {
            SessionId = "s",
            State = "completed",
            Outputs = new Dictionary<string, OutputStatus>(StringComparer.Ordinal) { ["stdout"] = change?.Invoke(stdout) ?? stdout },
        };
        var end = new LogEntry { Kind = LogEntryKind.End, End = EndReason.Completed, Totals = [new OutputTotal(OutputType.Stdout, 9, 0xE3069283)] };
        var reading = await SessionReading.ReadAsync(status, entries.Append(end).ToAsyncEnumerable(), [OutputType.Stdout], null);
        return VerifyReport.Of("s", reading, null).Outputs.Single();
    }

    private static LogEntry Data(long offset, string text) =>
        new() { Kind = LogEntryKind.Data, Output = OutputType.Stdout, Offset = offset, Data = System.Text.Encoding.ASCII.GetBytes(text) };

    private static LogEntry Gap(long offset, long length) =>
        new() { Kind = LogEntryKind.Gap, Output = OutputType.Stdout, Offset = offset, Length = length, Gap = GapReason.Trimmed };
}
