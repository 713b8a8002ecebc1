using System.Diagnostics;
using Relay.Benchmarks.Contenders;
using Relay.Benchmarks.Load;
using Relay.Benchmarks.Reporting;
using Relay.Client;
using Relay.Contracts;

namespace Relay.Benchmarks.Workloads;

/// <summary>W5: a reader that comes late and reads from the beginning, while the writer goes on; against a reader that was there from the beginning.</summary>
internal sealed class CatchUp : IWorkload
{
    private const int Behind = 1_000_000_000;
    private const string Session = "catch-up";

    public string Id => "W5";

    public string Title => "a late reader, behind by 1 GB, while the writer goes on with 1,000 lines/s";

    public async Task RunAsync(Bench bench)
    {
        await using var relay = await RelayContender.StartAsync();
        await using var writer = relay.Client.OpenWriter(Session);
        var behind = bench.Size(Behind);
        var log = bench.Corpus.Bytes;
        var (crc, isFilled) = (0u, false);
        var live = bench.Add(new Row(Id, "live, chunks of 32 KiB", "MB/s"));
        var late = bench.Add(new Row(Id, "late reader, from the disk's cache", "MB/s") { Against = live, Goal = new Goal(1.0, 0.7) });
        await bench.RoundsAsync(
            new Measurement([live, late], async () =>
            {
                var time = await Transfer.RunAsync(relay, Wire.Native, readers: 1, log, Pieces.Chunks(log));
                return [new Figure(live, time.MegabytesPerSecond, time.ServerCpu, time.ClientCpu)];
            }),
            new Measurement([late], async () =>
            {
                if (!isFilled)
                {
                    (crc, isFilled) = (await FillAsync(writer, log, behind), true);
                }

                var time = await ReadAsync(relay, writer, behind, crc);
                return [new Figure(late, time.MegabytesPerSecond, time.ServerCpu, time.ClientCpu)];
            }));
    }

    /// <summary>The corpus, over and over.</summary>
    private static async Task<uint> FillAsync(LogWriter writer, ReadOnlyMemory<byte> log, int bytes)
    {
        var crc = 0u;
        for (var rest = bytes; rest > 0;)
        {
            var part = log[..Math.Min(rest, log.Length)];
            crc = Crc32C.Append(crc, part.Span);
            rest -= part.Length;
            foreach (var piece in Pieces.Chunks(part))
            {
                await writer.WriteAsync(OutputType.Stdout, piece);
            }
        }

        await writer.FlushAsync();
        return crc;
    }

    /// <summary>From the moment at which the reader is opened to the last byte of what there was, checked.</summary>
    private static async Task<TransferTime> ReadAsync(RelayContender relay, LogWriter writer, int bytes, uint crc)
    {
        using var enough = new CancellationTokenSource();
        var lines = new StampedLog();
        var live = Pace.RunAsync(int.MaxValue, _ => writer.WriteAsync(OutputType.Stdout, lines.Next(Stopwatch.GetTimestamp())), cancellationToken: enough.Token);
        try
        {
            GC.Collect();
            var (cpu, own, began) = (relay.Server.Cpu, Environment.CpuUsage.TotalTime, Stopwatch.GetTimestamp());
            await using var receiver = await relay.OpenReceiverAsync(Session, Wire.Native, new PrefixReceipt(bytes, crc));
            await receiver.Receipt.Whole;
            return new TransferTime(bytes, Stopwatch.GetElapsedTime(began), relay.Server.Cpu - cpu, Environment.CpuUsage.TotalTime - own);
        }
        finally
        {
            await enough.CancelAsync();
            await live;
        }
    }
}
