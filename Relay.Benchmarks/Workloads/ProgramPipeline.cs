using System.Diagnostics;
using Relay.Benchmarks.Contenders;
using Relay.Benchmarks.Load;
using Relay.Benchmarks.Reporting;

namespace Relay.Benchmarks.Workloads;

/// <summary>The programs as a shell connects them: <c>job | relay-writer pipe &gt; /dev/null</c>, and <c>relay tail &gt; file</c>.</summary>
internal static class ProgramPipeline
{
    private const int PieceBytes = 64 * 1024;
    private static readonly TimeSpan Look = TimeSpan.FromMilliseconds(1);

    public static Measurement Measure(Row row, RelayContender relay, ReadOnlyMemory<byte> log) => new([row], async () =>
    {
        var session = $"bench-{Guid.NewGuid():N}";
        var folder = Directory.CreateTempSubdirectory("relay-benchmarks-");
        var file = Path.Combine(folder.FullName, "tail.log");
        try
        {
            await relay.CreateSessionAsync(session);
            var time = await RunAsync(relay, session, file, folder.FullName, log);
            await relay.DeleteSessionAsync(session);
            return [new Figure(row, time.MegabytesPerSecond, time.ServerCpu)];
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    });

    private static async Task<TransferTime> RunAsync(RelayContender relay, string session, string file, string folder, ReadOnlyMemory<byte> log)
    {
        using var tail = Process.Start(Programs.StartInto(file, "relay.dll", ["tail", session, "--url", $"{relay.Server.Url}"]))!;
        var start = Programs.StartInto(
            "/dev/null", "relay-writer.dll",
            ["pipe", "--session", session, "--url", $"{relay.Server.Url}", "--complete", "--spool", Path.Combine(folder, "spool")]);
        start.RedirectStandardInput = true;
        using var writer = Process.Start(start)!;
        try
        {
            var pipe = writer.StandardInput.BaseStream;
            var first = log[..(log.Span.IndexOf((byte)'\n') + 1)];
            await pipe.WriteAsync(first);
            await pipe.FlushAsync();
            await HasAsync(file, first.Length, tail, writer);

            var (cpu, began) = (relay.Server.Cpu, Stopwatch.GetTimestamp());
            foreach (var piece in Pieces.Chunks(log[first.Length..], PieceBytes))
            {
                await pipe.WriteAsync(piece);
            }

            await pipe.FlushAsync();
            await HasAsync(file, log.Length, tail, writer);
            var time = new TransferTime(log.Length - first.Length, Stopwatch.GetElapsedTime(began), relay.Server.Cpu - cpu);
            pipe.Close();
            await Task.WhenAll(tail.WaitForExitAsync(), writer.WaitForExitAsync());
            await CheckAsync(file, log);
            return time;
        }
        finally
        {
            tail.Kill();
            writer.Kill();
        }
    }

    private static async Task HasAsync(string file, long bytes, params IEnumerable<Process> programs)
    {
        while (!File.Exists(file) || new FileInfo(file).Length < bytes)
        {
            if (programs.FirstOrDefault(program => program.HasExited) is { } gone)
            {
                throw new InvalidOperationException($"{gone.StartInfo.ArgumentList[^1]} ended early, with exit code {gone.ExitCode}.");
            }

            await Task.Delay(Look, TimeProvider.System, CancellationToken.None);
        }
    }

    private static async Task CheckAsync(string file, ReadOnlyMemory<byte> log)
    {
        var receipt = new Receipt(log);
        receipt.Take(await File.ReadAllBytesAsync(file));
        await receipt.Whole;
    }
}
