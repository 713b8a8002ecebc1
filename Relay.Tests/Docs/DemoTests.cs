using FluentAssertions;
using Relay.Tests.TestKit;
using Xunit;

namespace Relay.Tests.Docs;

/// <summary><c>./demo.sh</c> cleans up, however it ends. That it works is <see cref="CommandsTests"/>'s, with all of the README.</summary>
[Trait("Category", "EndToEnd")]
public sealed class DemoTests
{
    [Fact]
    public async Task A_demo_that_is_ended_early_leaves_no_process_and_no_file()
    {
        using var sandbox = new PageSandbox();
        await using var demo = ChildProcess.Start(sandbox.Command("demo.sh", "--seconds", "60"));
        await demo.Printed("Zürich");

        demo.Send(Signal.Term);
        await demo.WaitForExit();

        demo.ExitCode.Should().Be(143, demo.Describe());
        // The job's pause between two lines, 50 ms, may outlive the job.
        await Eventually.True(() => !PosixSignals.Send(-demo.Id, Signal.Cont), "no process of the demo's group is left");
        Directory.GetFileSystemEntries(sandbox.TemporaryFolder).Should().NotContain(entry => entry.Contains("relay-demo", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("--seconds", "soon")]
    [InlineData("--bogus", "1")]
    public async Task A_wrong_argument_is_said_in_one_line(string name, string value)
    {
        using var sandbox = new PageSandbox();

        await using var demo = await ChildProcess.Run(sandbox.Command("demo.sh", name, value));

        demo.ExitCode.Should().Be(2);
        demo.StderrText.TrimEnd('\n').Should().StartWith("demo.sh: ").And.Contain("--seconds").And.NotContain("\n");
    }
}
