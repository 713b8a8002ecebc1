using FluentAssertions;
using Relay.Tests.TestKit;
using Xunit;

namespace Relay.Tests.EndToEnd;

/// <summary>
/// kill -9 of the writer, of the job or of the relay, at a random moment under load: after <c>relay-writer recover</c> every byte that the
/// writer had taken is in the log, once and in order.
/// </summary>
[Trait("Category", "EndToEnd")]
public sealed class RandomKillTests
{
    private const int Seed = 20261122;

    // All 100 take four minutes; every run of the tests takes some, and RELAY_TEST_FULL=1 all.
    private static readonly int Kills = Environment.GetEnvironmentVariable("RELAY_TEST_FULL") == "1" ? 100 : 9;

    private enum Victim
    {
        Writer,
        Job,
        Relay,
    }

    [Fact]
    public async Task After_recover_every_byte_that_the_writer_took_is_in_the_log_once()
    {
        var random = new Random(Seed);
        await using var server = await RelayServerProcess.StartAsync();
        for (var i = 0; i < Kills; i++)
        {
            var victim = (Victim)(i % 3);
            var bytes = random.Next(0, 60_000);
            await Kill(server, $"kill-{i}", victim, bytes, $"kill {i} of the {victim} after {bytes} bytes (seed {Seed})");
        }
    }

    private static async Task Kill(RelayServerProcess server, string session, Victim victim, int afterBytes, string what)
    {
        using var job = new NumberedJob();
        using var spools = new TempFolder();
        await using var writer = CliProcess.RunWithSpool(server.BaseAddress, session, spools.Path, job.Command);
        writer.CloseInput();
        await writer.Printed(Math.Max(afterBytes, 1), $"the job writes before {what}");
        switch (victim)
        {
            case Victim.Writer:
                writer.Send(Signal.Kill);
                job.End();
                break;
            case Victim.Job:
                PosixSignals.Send(job.ProcessId, Signal.Kill);
                break;
            case Victim.Relay:
                await server.KillHard();
                await server.Start();
                job.End();
                break;
        }

        await writer.WaitForExit();
        await using var recover = await ChildProcess.Run(DotNet.Writer("recover", spools.Path));
        recover.ExitCode.Should().Be(0, "{0}: {1}", what, recover.Describe());

        var (stdout, stderr) = (await server.Api.ReadAll(session), await server.Api.ReadAll(session, "stderr"));
        // What the writer took is at least what it passed through, and at most what the job wrote.
        stdout.ShouldStartWith(writer.Stdout, $"the stored stdout, {what}");
        job.Stdout.ShouldStartWith(stdout, $"the stored stdout, {what}");
        job.Stderr.ShouldStartWith(stderr, $"the stored stderr, {what}");
        if (victim != Victim.Writer)
        {
            stdout.ShouldBeExactly(writer.Stdout, $"the stored stdout, {what}");
            (await server.Api.Status(session))!.ExitCode.Should().Be(victim == Victim.Job ? 137 : NumberedJob.ExitCode, what);
        }

        Directory.GetDirectories(spools.Path).Should().BeEmpty(what);
    }
}
