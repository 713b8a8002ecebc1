using FluentAssertions;
using Relay.Tests.TestKit;
using Xunit;

namespace Relay.Tests.EndToEnd;

/// <summary>The server dies and comes back while a job writes and a tail follows. Neither of them may show it.</summary>
[Trait("Category", "EndToEnd")]
public sealed class ServerLossTests
{
    private static readonly TimeSpan ShutdownLimit = TimeSpan.FromSeconds(8);

    [Fact]
    public Task Twelve_kills_lose_nothing_and_double_nothing() => Lose(12, server => server.KillHard());

    [Fact]
    public Task Sigterm_under_load_loses_nothing_and_is_over_in_eight_seconds() =>
        Lose(4, async server => (await server.Terminate()).Should().BeLessThan(ShutdownLimit));

    private static async Task Lose(int times, Func<RelayServerProcess, Task> lose)
    {
        await using var server = await RelayServerProcess.StartAsync();
        using var job = new NumberedJob();
        await using var tail = CliProcess.Tail(server.BaseAddress, "j", "--wait");
        await using var writer = CliProcess.Run(server.BaseAddress, "j", job.Command);
        writer.CloseInput();

        for (var i = 1; i <= times; i++)
        {
            // New lines on the tail show that the writer, the server and the tail have all found together again.
            await tail.Printed(tail.StdoutLength + 2_000, $"the tail goes on before loss {i}");
            await lose(server);
            await server.Start();
        }

        await tail.Printed(tail.StdoutLength + 2_000, "the tail goes on after the last loss");
        job.End();
        await writer.WaitForExit();
        await tail.WaitForExit();

        writer.ShouldHavePassedThrough("j", job.Stdout, job.Stderr, NumberedJob.ExitCode);
        tail.ShouldHavePrinted(job.Stdout, job.Stderr, NumberedJob.ExitCode, "the tail");
        (await server.Api.ReadAll("j")).ShouldBeExactly(job.Stdout, "the stored stdout");
        (await server.Api.ReadAll("j", "stderr")).ShouldBeExactly(job.Stderr, "the stored stderr");
        (await server.Api.Status("j"))!.Outputs.Values.Should().OnlyContain(output => output.Verdict == "verified");
    }
}
