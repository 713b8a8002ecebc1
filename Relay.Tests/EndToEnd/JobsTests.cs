using FluentAssertions;
using Relay.Tests.TestKit;
using Xunit;

namespace Relay.Tests.EndToEnd;

/// <summary>The jobs themselves, without a relay: what the end-to-end tests compare with is right.</summary>
public sealed class JobsTests
{
    [Fact]
    public async Task The_quick_job_prints_what_is_expected_of_it()
    {
        await using var job = await ChildProcess.Run(new ChildCommand(QuickJob.Command[0], QuickJob.Command[1..]));

        job.ShouldHavePrinted(QuickJob.Stdout, QuickJob.Stderr, QuickJob.ExitCode, "the job");
        QuickJob.Stdout.Count(value => value == '\n').Should().Be(20_000);
    }

    [Fact]
    public async Task The_numbered_job_tells_the_truth_and_ends_when_told()
    {
        using var numbered = new NumberedJob();
        await using var job = ChildProcess.Start(new ChildCommand(numbered.Command[0], numbered.Command[1..]));
        await job.Printed("line 100 ");

        numbered.End();
        await job.WaitForExit();

        job.ShouldHavePrinted(numbered.Stdout, numbered.Stderr, NumberedJob.ExitCode, "the job");
    }
}
