using System.Text;
using FluentAssertions;
using Relay.Tests.TestKit;
using Xunit;

namespace Relay.Tests.EndToEnd;

/// <summary>A real job under <c>relay-writer</c>, a real server, real tails.</summary>
[Trait("Category", "EndToEnd")]
public sealed class JobTests
{
    [Fact]
    public async Task A_live_tail_and_a_late_one_print_the_job_byte_for_byte_and_exit_as_it_did()
    {
        await using var server = await RelayServerProcess.StartAsync();
        await using var live = CliProcess.Tail(server.BaseAddress, "j", "--wait");

        await using var writer = CliProcess.Run(server.BaseAddress, "j", QuickJob.Command);
        writer.CloseInput();
        await writer.WaitForExit();
        await live.WaitForExit();
        await using var late = CliProcess.Tail(server.BaseAddress, "j");
        await late.WaitForExit();

        writer.ShouldHavePassedThrough("j", QuickJob.Stdout, QuickJob.Stderr, QuickJob.ExitCode);
        live.ShouldHavePrinted(QuickJob.Stdout, QuickJob.Stderr, QuickJob.ExitCode, "the live tail");
        late.ShouldHavePrinted(QuickJob.Stdout, QuickJob.Stderr, QuickJob.ExitCode, "the late tail");
        var status = await server.Api.Status("j");
        status!.State.Should().Be("completed");
        status.ExitCode.Should().Be(QuickJob.ExitCode);
        status.Outputs["stdout"].Should().BeEquivalentTo(new { State = "ended", Bytes = (long)QuickJob.Stdout.Length, Lines = 20_000L, Verdict = "verified" });
        status.Outputs["stderr"].Should().BeEquivalentTo(new { State = "ended", Bytes = (long)QuickJob.Stderr.Length, Lines = 20L, Verdict = "verified" });
    }

    [Theory]
    [InlineData("stdout")]
    [InlineData("stderr")]
    public async Task A_tail_of_one_output_prints_that_one_only(string output)
    {
        await using var server = await RelayServerProcess.StartAsync();
        await using var writer = CliProcess.Run(server.BaseAddress, "j", "bash", "-c", "printf out; printf err >&2; exit 5");
        await writer.WaitForExit();

        await using var tail = CliProcess.Tail(server.BaseAddress, "j", "--output", output);
        await tail.WaitForExit();

        tail.ShouldHavePrinted(
            output == "stdout" ? "out"u8.ToArray() : [], output == "stderr" ? "err"u8.ToArray() : [], 5, "the tail");
    }

    [Fact]
    public async Task What_the_job_prints_is_on_the_tail_while_the_job_still_runs()
    {
        await using var server = await RelayServerProcess.StartAsync();
        await using var tail = CliProcess.Tail(server.BaseAddress, "j", "--wait");
        await using var writer = CliProcess.Run(server.BaseAddress, "j", "bash", "-c", "printf 'Password: '; read -r line; printf 'got %s' \"$line\"");

        await tail.Printed("Password: ");
        await writer.WriteLine("hush");
        await writer.WaitForExit();
        await tail.WaitForExit();

        var expected = Encoding.UTF8.GetBytes("Password: got hush");
        writer.ShouldHavePassedThrough("j", expected, [], 0);
        tail.ShouldHavePrinted(expected, [], 0, "the tail");
    }

    [Fact]
    public async Task Sigterm_to_the_writer_reaches_the_job_and_the_jobs_exit_code_comes_back()
    {
        await using var server = await RelayServerProcess.StartAsync();
        await using var tail = CliProcess.Tail(server.BaseAddress, "j", "--wait");
        await using var writer = CliProcess.Run(
            server.BaseAddress, "j", "bash", "-c", "trap 'echo caught; exit 42' TERM; exec 3<> <(:); echo ready; while :; do read -r -t 0.05 -u 3 || :; done");
        await writer.Printed("ready\n");

        writer.Send(Signal.Term);
        await writer.WaitForExit();
        await tail.WaitForExit();

        var expected = "ready\ncaught\n"u8.ToArray();
        writer.ShouldHavePassedThrough("j", expected, [], 42);
        tail.ShouldHavePrinted(expected, [], 42, "the tail");
    }

    [Fact]
    public async Task A_rerun_after_the_first_writer_was_killed_loses_nothing_of_either()
    {
        await using var server = await RelayServerProcess.StartAsync();
        await using var tail = CliProcess.Tail(server.BaseAddress, "j", "--wait");
        using var job = new NumberedJob();
        await using (var first = CliProcess.Run(server.BaseAddress, "j", job.Command))
        {
            await tail.Printed(10_000, "the first run is on the tail");
            first.Send(Signal.Kill);
            await Eventually.True(() => first.HasExited, "the first writer is dead");
        }

        await Eventually.True(async () => (await server.Api.Status("j"))!.Outputs.Values.All(o => o.Writer is null), "the server noticed", describe: server.Describe);
        var (firstOut, firstErr) = (await server.Api.ReadAll("j"), await server.Api.ReadAll("j", "stderr"));

        await using var second = CliProcess.Run(server.BaseAddress, "j", QuickJob.Command);
        await second.WaitForExit();
        await tail.WaitForExit();

        job.Stdout.ShouldStartWith(firstOut, "what is stored of the first run");
        job.Stderr.ShouldStartWith(firstErr, "what is stored of the first run");
        tail.ShouldHavePrinted([.. firstOut, .. QuickJob.Stdout], [.. firstErr, .. QuickJob.Stderr], QuickJob.ExitCode, "the tail");
    }
}
