using Relay.Benchmarks.Contenders;
using Relay.Benchmarks.Load;
using Relay.Benchmarks.Reporting;

namespace Relay.Benchmarks.Workloads;

/// <summary>
/// W6: 50 sessions at once, each with a writer of 1,000 lines a second and two readers. What counts is that the readers stay as close at the end as at the
/// beginning; where they do not with 50 sessions, 20 must hold.
/// </summary>
internal sealed class ManySessions : IWorkload
{
    private const int Sessions = 50;
    private const int FewerSessions = 20;
    private const int Readers = 2;
    private const int LookAtEvery = 50;
    private const double Quarter = 0.25;
    private static readonly TimeSpan Time = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan QuickTime = TimeSpan.FromSeconds(10);

    public string Id => "W6";

    public string Title => $"{Sessions} sessions, each with 1,000 lines/s and {Readers} readers";

    public async Task RunAsync(Bench bench)
    {
        await using var relay = await RelayContender.StartAsync();
        var growth = await MeasureAsync(bench, relay, Sessions, new Goal(1, double.PositiveInfinity, AtMost: true));
        if (growth.Verdict == Verdict.Floor)
        {
            await MeasureAsync(bench, relay, FewerSessions, new Goal(double.NegativeInfinity, 1, AtMost: true));
        }
    }

    private async Task<Row> MeasureAsync(Bench bench, RelayContender relay, int sessions, Goal goal)
    {
        var offered = Add("lines handed over", "lines/s");
        var firstMedian = Add("latency in the first quarter, median", "ms");
        var lastMedian = Add("latency in the last quarter, median", "ms", firstMedian);
        var firstTail = Add("latency in the first quarter, 99th percentile", "ms");
        var lastTail = Add("latency in the last quarter, 99th percentile", "ms", firstTail);
        var firstLag = Add("lag in the first quarter", "KB");
        var lastLag = Add("lag in the last quarter", "KB");
        var growth = bench.Add(new Row(Id, Name("lag in the last quarter, over what is allowed"), "×") { Goal = goal });
        var cpu = Add("server CPU", "% of a core");
        await PacedTransfer.RunAsync(relay, sessions, Readers, QuickTime, LookAtEvery); // Warms up.
        await bench.OnceAsync(new Measurement([offered, firstMedian, lastMedian, firstTail, lastTail, firstLag, lastLag, growth, cpu], async () =>
        {
            var paced = await PacedTransfer.RunAsync(relay, sessions, Readers, bench.IsQuick ? QuickTime : Time, LookAtEvery);
            var (first, last) = (paced.Lag(0, Quarter), paced.Lag(1 - Quarter, 1));
            return
            [
                new Figure(offered, paced.LinesPerSecond, paced.ServerCpu, paced.ClientCpu),
                new Figure(firstMedian, paced.Latency(0.5, 0, Quarter)),
                new Figure(lastMedian, paced.Latency(0.5, 1 - Quarter)),
                new Figure(firstTail, paced.Latency(0.99, 0, Quarter)),
                new Figure(lastTail, paced.Latency(0.99, 1 - Quarter)),
                new Figure(firstLag, first / 1e3),
                new Figure(lastLag, last / 1e3),
                new Figure(growth, last / NoGrowth(first, sessions)),
                new Figure(cpu, paced.ServerCpuPercent),
            ];
        }));
        return growth;

        Row Add(string name, string unit, Row? against = null) => bench.Add(new Row(Id, Name(name), unit) { Against = against });
        string Name(string name) => $"{sessions} sessions: {name}";
    }

    /// <summary>Half as much again, or what is written in 50 ms, whichever is larger: less than that is chance.</summary>
    private static double NoGrowth(double lag, int sessions)
    {
        const double chance = 0.05 * Pace.LinesPerSecond * StampedLog.LineBytes * Readers;
        return Math.Max(1.5 * lag, lag + (chance * sessions));
    }
}
