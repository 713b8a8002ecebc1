using System.Diagnostics;
using FluentAssertions;
using Relay.Tests.Faults;
using Relay.Tests.TestKit;
using Xunit;
using Xunit.Abstractions;

namespace Relay.Tests.EndToEnd;

/// <summary>The relay goes away while a job writes 20 MB/s. The job does not notice, and everything arrives afterwards.</summary>
[Trait("Category", "EndToEnd")]
public sealed class RelayAwayTests(ITestOutputHelper log)
{
    private const int BytesPerSecond = 20_000_000;

    // A minute in full; the way of every byte is the same in a few seconds.
    private static readonly int Seconds = FaultRun.Size(everyRun: 4, full: 60);

    /// <summary>Lines of 100 bytes at an even pace, numbered, and its own duration at the end on stderr.</summary>
    private const string Script =
        """
        import os, sys, time
        rate, seconds = int(sys.argv[1]), int(sys.argv[2])
        lines, began, slowest = 0, time.monotonic(), 0
        for tick in range(seconds * 50):
            block = b"".join(b"%099d\n" % n for n in range(lines, lines + rate // 5000))
            lines += rate // 5000
            before = time.monotonic()
            view = memoryview(block)
            while view:
                view = view[os.write(1, view):]
            slowest = max(slowest, time.monotonic() - before)
            time.sleep(max(0, began + (tick + 1) / 50 - time.monotonic()))
        sys.stderr.write("%.2f s, slowest write %.0f ms" % (time.monotonic() - began, slowest * 1000))
        """;

    [Fact]
    public async Task The_job_runs_as_without_a_writer_and_everything_arrives_afterwards_in_order()
    {
        string[] command = [PythonPeer.Interpreter, "-c", Script, $"{BytesPerSecond}", $"{Seconds}"];
        await using var server = await RelayServerProcess.StartAsync();
        using var spools = new TempFolder();
        await using var writer = ChildProcess.Start(DotNet.Writer(
            ["run", "--session", "away", "--url", server.BaseAddress.AbsoluteUri, "--spool", spools.Path, "--spool-limit", "2GiB", "--flush-timeout", "5m", "--", .. command])
            with
        { OutputFile = spools["out"] });
        writer.CloseInput();
        await Eventually.True(async () => (await server.Api.Status("away"))?.Outputs["stdout"].Bytes > 0, "the job is under way");
        await server.KillHard();
        // The job ends while the relay is away.
        await Eventually.True(() => writer.StderrText.Contains("slowest write", StringComparison.Ordinal), "the job ends", TimeSpan.FromSeconds(Seconds + 120));
        var began = Stopwatch.GetTimestamp();
        await server.Start();
        await writer.WaitForExit(TimeSpan.FromMinutes(5));
        var drained = Stopwatch.GetElapsedTime(began);

        writer.ExitCode.Should().Be(0, writer.Describe());
        (await server.Api.Status("away"))!.Outputs["stdout"].Should().BeEquivalentTo(new { Bytes = (long)BytesPerSecond * Seconds, Verdict = "verified" });
        await using var plain = await ChildProcess.Run(new ChildCommand(command[0], command[1..]) { OutputFile = spools["plain"] }, TimeSpan.FromSeconds(Seconds + 120));
        File.ReadAllBytes(spools["out"]).ShouldBeExactly(File.ReadAllBytes(spools["plain"]), "what was passed through");
        await using var read = await ChildProcess.Run(
            new ChildCommand("curl", "-sSf", server.Api.Url(RelayApi.ReadPath("away"))) { OutputFile = spools["stored"] }, TimeSpan.FromMinutes(2));
        File.ReadAllBytes(spools["stored"]).ShouldBeExactly(File.ReadAllBytes(spools["plain"]), "what is stored");
        log.WriteLine($"with the writer: {writer.StderrText.Split('\n')[^1]}; without: {plain.StderrText}; delivered after {drained.TotalSeconds:0.0} s");
    }
}
