using System.Text;
using FluentAssertions;
using Relay.Terminal;
using Relay.Tests.TestKit;
using Relay.Writer;
using Relay.Writer.Run;
using Xunit;

namespace Relay.Tests.Writer;

/// <summary>The command comes first: all of this runs without a relay.</summary>
public sealed class JobRunTests : IDisposable
{
    private readonly MemoryStream _out = new();
    private readonly MemoryStream _err = new();

    public void Dispose()
    {
        _out.Dispose();
        _err.Dispose();
    }

    [Theory]
    [InlineData("exit 7", 7)]
    [InlineData("kill -9 $$", 137)]
    [InlineData("exit 0", 0)]
    public async Task The_exit_code_is_the_command_s(string script, int exitCode) => (await RunAsync("bash", "-c", script)).Should().Be(exitCode);

    [Fact]
    public async Task Both_outputs_pass_through_and_what_was_not_delivered_is_said_once()
    {
        (await RunAsync("bash", "-c", @"printf 'a\0b\n'; printf 'no newline' >&2")).Should().Be(0);
        Encoding.UTF8.GetString(_out.ToArray()).Should().Be("a\0b\n");
        var said = Encoding.UTF8.GetString(_err.ToArray());
        said.Should().Contain("relay-writer: follow with: relay tail 'my job' --url http://127.0.0.1:1\n").And.Contain("no newline");
        said.Should().Contain("http://127.0.0.1:1 could not be reached within").And.Contain("4 bytes of stdout and 10 bytes of stderr are not delivered");
    }

    [Fact]
    public async Task A_command_that_does_not_exist_is_127()
    {
        (await RunAsync("no-such-command-here")).Should().Be(127);
        Encoding.UTF8.GetString(_err.ToArray()).Should().StartWith("relay-writer: no-such-command-here: command not found\n");
    }

    [Theory]
    [InlineData("/etc/passwd")]
    [InlineData("/etc")]
    public async Task A_command_that_cannot_be_executed_is_126(string command) => (await RunAsync(command)).Should().Be(126);

    [Fact]
    public async Task Python_is_told_not_to_buffer_and_broken_pipes_end_commands_as_usual()
    {
        (await RunAsync("bash", "-c", "echo $PYTHONUNBUFFERED; yes | head -1 >/dev/null; echo ${PIPESTATUS[0]}")).Should().Be(0);
        Encoding.UTF8.GetString(_out.ToArray()).Should().Be("1\n141\n");
    }

    /// <summary>While it did not, a write to a broken pipe or connection ended whatever process the writer runs in, without a word.</summary>
    [Fact]
    public async Task A_command_that_is_started_leaves_our_own_pipe_signal_ignored()
    {
        const ulong BrokenPipe = 1UL << 12;
        var runs = Task.Run(async () =>
        {
            for (var i = 0; i < 100; i++)
            {
                using var job = Job.Start(["true"], pty: false);
                (await job.WaitForExitAsync()).Should().Be(0);
            }
        });
        var stayed = true;
        while (!runs.IsCompleted)
        {
            var ignored = (await File.ReadAllLinesAsync("/proc/self/status")).Single(line => line.StartsWith("SigIgn:", StringComparison.Ordinal));
            stayed &= (Convert.ToUInt64(ignored["SigIgn:".Length..].Trim(), 16) & BrokenPipe) != 0;
        }

        await runs;
        stayed.Should().BeTrue("another thread may write to a broken connection at any time");
    }

    /// <summary>Nobody else does where there is no init: each would keep its entry in the table of processes until the container ends.</summary>
    [ContainerTheory]
    [InlineData]
    [InlineData("--pty")]
    public async Task As_the_first_process_of_a_container_it_reaps_what_the_command_leaves_behind(params string[] options)
    {
        const string script = """
            for i in {1..20}; do (sleep 0.1 &); done
            for i in {1..200}; do
              orphans=$(grep -l '^PPid:.1$' /proc/[0-9]*/status 2>/dev/null | grep -v "^/proc/$$/")
              [ -z "$orphans" ] && exit 7
              sleep 0.1
            done
            grep -h ^State $orphans; exit 8
            """;
        var writer = DotNet.Writer(["run", "--session", "s", "--url", "http://127.0.0.1:1", "--no-spool", "--flush-timeout", "100ms", .. options, "--", "bash", "-c", script]);
        await using var container = await ChildProcess.Run(Container.Of(writer));
        container.ExitCode.Should().Be(7, container.StdoutText + container.StderrText);
    }

    [Fact]
    public async Task A_background_process_that_holds_the_output_open_does_not_hold_up_the_end()
    {
        // It lives longer than the grace, which is 3 s, and shorter than the machine minds.
        var run = RunAsync("bash", "-c", "sleep 20 & echo done; exit 5");
        (await run.WaitAsync(TimeSpan.FromSeconds(15))).Should().Be(5);
        Encoding.UTF8.GetString(_out.ToArray()).Should().Be("done\n");
    }

    [Theory]
    [InlineData("run -- true")]
    [InlineData("run --session s")]
    [InlineData("run --session a/b -- true")]
    [InlineData("run --session s --label nonsense -- true")]
    [InlineData("run --session s --flush-timeout soon -- true")]
    public async Task A_wrong_command_line_starts_nothing(string line)
    {
        (await WriterCommandLine.RunAsync(line.Split(' '), Streams, CancellationToken.None)).Should().Be(2);
        Encoding.UTF8.GetString(_err.ToArray()).Should().StartWith("relay-writer: ");
    }

    private StandardStreams Streams => new(_out, Stream.Synchronized(_err), ErrorIsTerminal: false);

    private Task<int> RunAsync(params string[] command) => WriterCommandLine.RunAsync(
        ["run", "--session", "my job", "--url", "http://127.0.0.1:1", "--no-spool", "--flush-timeout", "100ms", "--", .. command], Streams, CancellationToken.None);
}
