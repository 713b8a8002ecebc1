using System.Runtime.CompilerServices;
using System.Text;
using FluentAssertions;
using Relay.Cli;
using Relay.Cli.Tail;
using Relay.Cli.Tail.Reading;
using Relay.Client;
using Relay.Contracts;
using Relay.Terminal;
using Xunit;

namespace Relay.Tests.Cli;

public sealed class TailTests : IDisposable
{
    private readonly MemoryStream _out = new();
    private readonly MemoryStream _err = new();
    private readonly List<ReadOptions> _asked = [];

    public void Dispose()
    {
        _out.Dispose();
        _err.Dispose();
    }

    [Fact]
    public async Task The_outputs_go_where_they_belong_and_the_job_s_exit_code_is_passed_on()
    {
        (await TailAsync([Data(OutputType.Stdout, "a\0b"), Data(OutputType.Stderr, "warn"), Data(OutputType.Stdout, "no newline"), End(exitCode: 7)])).Should().Be(7);
        Text(_out).Should().Be("a\0bno newline");
        Text(_err).Should().Be("warn", "off a terminal nothing is added");
    }

    [Fact]
    public async Task Missing_bytes_are_always_said_and_go_before_the_job_s_exit_code()
    {
        var gap = new LogEntry { Kind = LogEntryKind.Gap, Output = OutputType.Stdout, Offset = 10, Length = 5, Gap = GapReason.Trimmed };
        (await TailAsync([gap, Data(OutputType.Stdout, "rest"), End(exitCode: 0)])).Should().Be(106);
        Text(_out).Should().Be("rest");
        Text(_err).Should().Be("relay: 5 bytes of stdout from offset 10 are missing: removed by retention\n");
    }

    [Fact]
    public async Task A_diverged_history_is_said_and_counts_as_missing_bytes()
    {
        var mark = new LogEntry { Kind = LogEntryKind.Diverged, Sequence = 3, Totals = [new OutputTotal(OutputType.Stdout, 12, 0)] };
        (await TailAsync([mark, End(exitCode: 0)])).Should().Be(106);
        Text(_err).Should().StartWith("relay: ").And.Contain("12 bytes of stdout survived");
    }

    [Theory]
    [InlineData(EndReason.Tail, 0)]
    [InlineData(EndReason.WriterClosed, 0)]
    [InlineData(EndReason.Deleted, 110)]
    [InlineData(EndReason.Expired, 110)]
    public async Task An_end_without_a_job_s_exit_code_has_its_own(EndReason reason, int exitCode) =>
        (await TailAsync([new LogEntry { Kind = LogEntryKind.End, End = reason }])).Should().Be(exitCode);

    [Theory]
    [InlineData(RelayErrorCode.SessionNotFound, 104)]
    [InlineData(RelayErrorCode.SessionDeleted, 110)]
    [InlineData(RelayErrorCode.SessionReplaced, 110)]
    [InlineData(RelayErrorCode.ConnectionLost, 103)]
    [InlineData(RelayErrorCode.InvalidSessionId, 2)]
    [InlineData(RelayErrorCode.UnsupportedVersion, 100)]
    public async Task A_refusal_is_one_line_and_an_exit_code(RelayErrorCode code, int exitCode)
    {
        (await TailAsync([], RelayException.Create(code, "what is\nwrong"))).Should().Be(exitCode);
        Text(_err).Should().Be("relay: what is wrong\n");
        _out.Length.Should().Be(0);
    }

    [Fact]
    public async Task Options_reach_the_read()
    {
        await TailAsync([End(0)], args: ["--output", "stderr", "--wait", "--no-follow"]);
        _asked.Should().ContainSingle().Which.Should().Match<ReadOptions>(
            options => options.Outputs.Single() == OutputType.Stderr && options.WaitForSession && !options.Follow && options.FirstConnectTimeout == null);
    }

    [Fact]
    public async Task Without_wait_a_relay_that_is_not_there_is_given_up_soon()
    {
        await TailAsync([End(0)]);
        _asked.Single().FirstConnectTimeout.Should().Be(TimeSpan.FromSeconds(5));
    }

    [Theory]
    [InlineData("tail")]
    [InlineData("tail s --output both --url nonsense")]
    [InlineData("tail s --output log")]
    [InlineData("tale s")]
    public async Task A_wrong_command_line_is_exit_code_2_and_says_why(string line)
    {
        var streams = new StandardStreams(_out, _err, ErrorIsTerminal: false);
        (await CommandLine.RunAsync(line.Split(' '), streams, Open([], null), CancellationToken.None)).Should().Be(2);
        Text(_err).Should().StartWith("relay: ");
        _asked.Should().BeEmpty();
    }

    [Fact]
    public async Task Help_lists_the_exit_codes()
    {
        var streams = new StandardStreams(_out, _err, ErrorIsTerminal: false);
        (await CommandLine.RunAsync(["tail", "--help"], streams, Open([], null), CancellationToken.None)).Should().Be(0);
        Text(_out).Should().Contain("Exit codes").And.Contain("106").And.Contain("--no-follow");
    }

    [Fact]
    public void A_person_at_a_terminal_is_told_how_the_connection_stands()
    {
        var said = new List<string>();
        var messages = new TailMessages(said.Add, hints: true);
        var lost = new ConnectionChange(ConnectionState.Disconnected, RelayException.Create(RelayErrorCode.ConnectionLost, "It broke."));
        messages.OnConnectionChange(new ConnectionChange(ConnectionState.Connected));
        messages.OnConnectionChange(lost);
        messages.OnConnectionChange(lost);
        messages.OnConnectionChange(new ConnectionChange(ConnectionState.Connected));
        said.Should().Equal("It broke. Trying again.", "connected again");
    }

    [Fact]
    public async Task A_reader_of_ours_that_left_ends_the_tail_quietly()
    {
        var streams = new StandardStreams(new BrokenStream(), _err, ErrorIsTerminal: false);
        (await CommandLine.RunAsync(["tail", "s"], streams, Open([Data(OutputType.Stdout, "x"), End(0)], null), CancellationToken.None)).Should().Be(141);
        _err.Length.Should().Be(0);
    }

    [Fact]
    public async Task Cancelling_is_exit_code_130()
    {
        using var cancel = new CancellationTokenSource();
        await cancel.CancelAsync();
        var streams = new StandardStreams(_out, _err, ErrorIsTerminal: false);
        (await CommandLine.RunAsync(["tail", "s"], streams, Open([End(0)], null), cancel.Token)).Should().Be(130);
    }

    private static LogEntry Data(OutputType output, string text) => new() { Kind = LogEntryKind.Data, Output = output, Data = Encoding.UTF8.GetBytes(text) };

    private static LogEntry End(int? exitCode) => new() { Kind = LogEntryKind.End, End = EndReason.Completed, ExitCode = exitCode };

    private static string Text(MemoryStream stream) => Encoding.UTF8.GetString(stream.ToArray());

    private Task<int> TailAsync(LogEntry[] entries, RelayException? failure = null, string[]? args = null) => CommandLine.RunAsync(
        ["tail", "s", .. args ?? []], new StandardStreams(_out, _err, ErrorIsTerminal: false), Open(entries, failure), CancellationToken.None);

    private TailRelay Open(LogEntry[] entries, RelayException? failure)
    {
        return new TailRelay(
            Read, (_, _) => throw new InvalidOperationException("No list was asked for."), (_, _, _) => throw new InvalidOperationException("No status was asked for."));

        async IAsyncEnumerable<LogBatch> Read(RelayClientOptions at, string session, ReadOptions options, [EnumeratorCancellation] CancellationToken cancellationToken)
        {
            _asked.Add(options);
            await Task.Yield();
            cancellationToken.ThrowIfCancellationRequested();
            if (failure is not null)
            {
                throw failure;
            }

            yield return new LogBatch { Cursor = "c", Entries = entries };
        }
    }

    private sealed class BrokenStream : MemoryStream
    {
        public override void Write(ReadOnlySpan<byte> buffer) => throw new BrokenPipeException();
    }
}
