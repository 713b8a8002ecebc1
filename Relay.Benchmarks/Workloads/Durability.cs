using Relay.Benchmarks.Contenders;
using Relay.Benchmarks.Load;
using Relay.Benchmarks.Reporting;

namespace Relay.Benchmarks.Workloads;

/// <summary>W7: what it costs to force bytes to the disk: W1's chunks through relays that differ in nothing but <c>Storage:Fsync</c>.</summary>
internal sealed class Durability : IWorkload
{
    public string Id => "W7";

    public string Title => "one writer, one reader, and bytes forced to the disk";

    public async Task RunAsync(Bench bench)
    {
        await using var os = await StartAsync("Os");
        await using var interval = await StartAsync("Interval");
        await using var group = await StartAsync("Group");
        var log = bench.Corpus.Bytes;
        var never = bench.Add(new Row(Id, "fsync os: forced by nobody", "MB/s"));
        var often = bench.Add(new Row(Id, "fsync interval: each second or 8 MiB", "MB/s") { Against = never, Goal = new Goal(0.95, 0.85) });
        var always = bench.Add(new Row(Id, "fsync group: as fast as the disk can", "MB/s") { Against = never });
        await bench.RoundsAsync(Run(never, os, log), Run(often, interval, log), Run(always, group, log));
    }

    private static Task<RelayContender> StartAsync(string policy) => RelayContender.StartAsync($"relay, fsync {policy}", ("Storage:Fsync", policy));

    private static Measurement Run(Row row, RelayContender relay, ReadOnlyMemory<byte> log) => new([row], async () =>
    {
        var time = await Transfer.RunAsync(relay, Wire.Native, readers: 1, log, Pieces.Chunks(log));
        return [new Figure(row, time.MegabytesPerSecond, time.ServerCpu, time.ClientCpu)];
    });
}
