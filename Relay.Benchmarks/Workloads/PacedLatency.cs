using Relay.Benchmarks.Contenders;
using Relay.Benchmarks.Load;
using Relay.Benchmarks.Reporting;

namespace Relay.Benchmarks.Workloads;

/// <summary>W3: one writer with 1,000 lines a second, one reader. How long a line takes, and what that costs the server.</summary>
internal sealed class PacedLatency : IWorkload
{
    // Of the time: connections are new before that, and so is code.
    private const double Settled = 0.1;
    private static readonly TimeSpan Time = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan QuickTime = TimeSpan.FromSeconds(3);

    public string Id => "W3";

    public string Title => "one writer with 1,000 lines/s, one reader";

    public async Task RunAsync(Bench bench)
    {
        await using var relay = await RelayContender.StartAsync();
        await using var bare = await BareContender.StartAsync();
        var bareMedian = Latency(bench, "bare relay, median");
        var median = Latency(bench, "latency of a line, median", bareMedian);
        var bareTail = Latency(bench, "bare relay, 99th percentile");
        var tail = Latency(bench, "latency of a line, 99th percentile", bareTail, new Goal(1.2, 1.6, AtMost: true));
        var bareCpu = Cpu(bench, "bare relay, server CPU");
        var cpu = Cpu(bench, "server CPU", new Goal(13, 20, AtMost: true));
        await bench.RoundsAsync(
            Run(bare, bench, bareMedian, bareTail, bareCpu),
            Run(relay, bench, median, tail, cpu));
    }

    private static Measurement Run(Contender contender, Bench bench, Row median, Row tail, Row cpu) => new([median, tail, cpu], async () =>
    {
        var paced = await PacedTransfer.RunAsync(contender, sessions: 1, readers: 1, bench.IsQuick ? QuickTime : Time);
        return [new Figure(median, paced.Latency(0.5, Settled)), new Figure(tail, paced.Latency(0.99, Settled)), new Figure(cpu, paced.ServerCpuPercent)];
    });

    private Row Latency(Bench bench, string name, Row? against = null, Goal? goal = null) =>
        bench.Add(new Row(Id, name, "ms") { Against = against, Goal = goal });

    private Row Cpu(Bench bench, string name, Goal? goal = null) => bench.Add(new Row(Id, name, "% of a core") { Goal = goal });
}
