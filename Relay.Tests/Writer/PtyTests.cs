using System.Text;
using FluentAssertions;
using Relay.Terminal;
using Relay.Tests.TestKit;
using Relay.Writer;
using Xunit;

namespace Relay.Tests.Writer;

/// <summary><c>relay-writer run --pty</c>, without a relay: what the command sees and what comes through.</summary>
public sealed class PtyTests : IDisposable
{
    private readonly MemoryStream _out = new();
    private readonly MemoryStream _err = new();

    public void Dispose()
    {
        _out.Dispose();
        _err.Dispose();
    }

    [Fact]
    public async Task Both_outputs_are_terminals_and_stay_apart()
    {
        (await RunAsync("bash", "-c", "[ -t 1 ] && [ -t 2 ] && echo terminals; ls --color=auto -d / ; echo $PYTHONUNBUFFERED; echo complaint >&2")).Should().Be(0);
        Out.Should().StartWith("terminals\n\e[").And.EndWith("1\n").And.NotContain("complaint");
        Err.Should().Contain("complaint\n");
    }

    [Fact]
    public async Task Bytes_pass_through_untouched_to_the_last()
    {
        (await RunAsync("bash", "-c", @"printf 'a\nb\r\nc\td\004\003\0\377'; seq 200000; printf 'no newline'")).Should().Be(0);
        byte[] expected =
        [
            .. "a\nb\r\nc\td\u0004\u0003\0"u8, 0xff,
            .. Encoding.ASCII.GetBytes(string.Concat(Enumerable.Range(1, 200_000).Select(i => $"{i}\n"))), .. "no newline"u8,
        ];
        _out.ToArray().ShouldBeExactly(expected, "the command's stdout");
    }

    [Theory]
    [InlineData("exit 7", 7)]
    [InlineData("kill -9 $$", 137)]
    [InlineData("yes | head -1 >/dev/null; exit ${PIPESTATUS[0]}", 141)]
    public async Task The_exit_code_is_the_command_s(string script, int exitCode) => (await RunAsync("bash", "-c", script)).Should().Be(exitCode);

    [Theory]
    [InlineData("no-such-command-here", 127)]
    [InlineData("/etc/passwd", 126)]
    public async Task A_command_that_cannot_be_started_is_said(string command, int exitCode)
    {
        (await RunAsync(command)).Should().Be(exitCode);
        Err.Should().StartWith($"relay-writer: {command}: ");
    }

    [Fact]
    public async Task A_background_process_that_holds_the_terminal_open_does_not_hold_up_the_end_and_lives_on()
    {
        using var folder = new TempFolder();
        var run = RunAsync("bash", "-c", $"(sleep 20 & echo $! >{folder["pid"]}; wait; :) & until [ -s {folder["pid"]} ]; do :; done; echo done; exit 5");
        (await run.WaitAsync(TimeSpan.FromSeconds(15))).Should().Be(5);
        Out.Should().Be("done\n");
        PosixSignals.Send(int.Parse(await File.ReadAllTextAsync(folder["pid"])), Signal.Kill).Should().BeTrue("nobody hung it up");
    }

    [Fact]
    public async Task Without_a_terminal_of_ours_its_size_is_the_usual_and_an_interrupt_is_forwarded()
    {
        await using var writer = ChildProcess.Start(DotNet.Writer(Command("bash", "-c", "trap 'echo caught; exit 42' INT; stty size <&1; while :; do sleep 0.05; done")));
        await writer.Printed("24 80\n");

        writer.Send(Signal.Int);
        (await writer.WaitForExit()).Should().Be(42);
        writer.StdoutText.Should().Be("24 80\ncaught\n");
    }

    [Fact]
    public async Task Our_terminal_s_size_is_the_command_s_also_when_it_changes_and_its_keyboard_stays_in_reach()
    {
        var job = DotNet.Writer(Command(
            "bash", "-c", "stty size <&1; stty rows 40 cols 120 </dev/tty; until [ \"$(stty size <&2)\" = '40 120' ]; do sleep 0.05; done; echo resized"));
        var line = string.Join(' ', new[] { job.FileName }.Concat(job.Arguments).Select(Relay.Writer.Delivering.ShellWord.Quote));
        await using var terminal = ChildProcess.Start(new ChildCommand("script", "-qec", $"stty rows 33 cols 99; {line}", "/dev/null"));

        (await terminal.WaitForExit()).Should().Be(0);
        terminal.StdoutText.Should().Contain("33 99").And.Contain("resized");
    }

    [Fact]
    public async Task Statuses_are_kept_under_a_caller_that_ignores_them()
    {
        var job = DotNet.Writer(Command("bash", "-c", "exit 9"));
        await using var writer = await ChildProcess.Run(new ChildCommand("bash", ["-c", "trap '' CHLD; exec \"$@\"", "bash", job.FileName, .. job.Arguments]));

        writer.ExitCode.Should().Be(9, writer.Describe());
    }

    private string Out => Encoding.UTF8.GetString(_out.ToArray());

    private string Err => Encoding.UTF8.GetString(_err.ToArray());

    private Task<int> RunAsync(params string[] command) => WriterCommandLine.RunAsync(
        Command(command), new StandardStreams(_out, Stream.Synchronized(_err), ErrorIsTerminal: false), CancellationToken.None);

    private static string[] Command(params string[] command) =>
        ["run", "--session", "my job", "--url", "http://127.0.0.1:1", "--flush-timeout", "100ms", "--pty", "--", .. command];
}
