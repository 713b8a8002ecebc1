using FluentAssertions;
using Xunit;

namespace Relay.Tests.TestKit;

public sealed class ChildProcessTests
{
    [Fact]
    public async Task Bytes_exit_code_arguments_and_environment_pass_untouched()
    {
        await using var child = await ChildProcess.Run(new ChildCommand("bash", "-c", """printf '\377\000%s' "$1"; printf '%s' "$WORD" >&2; exit 9""", "name", "a b\n")
        {
            Environment = new Dictionary<string, string?> { ["WORD"] = "heard" },
        });

        child.ExitCode.Should().Be(9);
        child.Stdout.Should().Equal(0xFF, 0x00, (byte)'a', (byte)' ', (byte)'b', (byte)'\n');
        child.StderrText.Should().Be("heard");
    }

    [Fact]
    public async Task Input_and_signals_reach_it()
    {
        await using var child = ChildProcess.Start(new ChildCommand("bash", "-c", """trap 'echo caught; exit 3' TERM; read line; echo "got $line"; while :; do sleep 0.05; done"""));

        await child.WriteLine("this");
        await child.Printed("got this");
        child.Send(Signal.Term);

        (await child.WaitForExit()).Should().Be(3);
        child.StdoutText.Should().Be("got this\ncaught\n");
    }

    [Fact]
    public async Task What_it_started_goes_with_it_even_after_it_was_killed()
    {
        int grandchild;
        await using (var child = ChildProcess.Start(new ChildCommand("bash", "-c", "sleep 1000 & echo $!; wait")))
        {
            await child.Printed("\n");
            grandchild = int.Parse(child.StdoutText);
            child.Send(Signal.Kill);
            await Eventually.True(() => child.HasExited, "it is dead");
            child.ExitCode.Should().Be(128 + 9);
            Directory.Exists($"/proc/{grandchild}").Should().BeTrue();
        }

        await Eventually.True(() => !IsRunning(grandchild), "the grandchild is gone");
    }

    [Fact]
    public async Task A_deadline_that_passes_shows_what_was_printed()
    {
        await using var child = ChildProcess.Start(new ChildCommand("bash", "-c", "echo so far; echo so bad >&2; sleep 1000"));
        await child.Printed("so far\n");
        await Eventually.True(() => child.StderrText == "so bad\n", "stderr came");

        var wait = () => child.WaitForExit(TimeSpan.FromMilliseconds(50));

        (await wait.Should().ThrowAsync<TimeoutException>()).Which.Message.Should().Contain("so far").And.Contain("so bad");
    }

    [Fact]
    public async Task Eventually_says_what_it_waited_for()
    {
        var wait = () => Eventually.True(() => false, "pigs fly", TimeSpan.FromMilliseconds(50), () => "they walk");

        (await wait.Should().ThrowAsync<TimeoutException>()).Which.Message.Should().Contain("pigs fly").And.Contain("they walk");
    }

    /// <summary>A dead child of a dead parent may stay as a zombie where nobody reaps.</summary>
    private static bool IsRunning(int pid)
    {
        try
        {
            return !File.ReadAllText($"/proc/{pid}/stat").Contains(") Z ", StringComparison.Ordinal);
        }
        catch (IOException)
        {
            return false;
        }
    }
}
