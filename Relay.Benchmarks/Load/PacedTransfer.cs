using System.Diagnostics;
using Relay.Benchmarks.Contenders;
using Relay.Benchmarks.Reporting;

namespace Relay.Benchmarks.Load;

/// <summary>Sessions whose writers send 1,000 lines a second: far from what they could, as most of them are all day.</summary>
internal static class PacedTransfer
{
    private const int LookAtLagEvery = 50;

    /// <param name="contender">Carries it.</param>
    /// <param name="sessions">How many sessions, with a writer each.</param>
    /// <param name="readers">How many readers each of them has.</param>
    /// <param name="time">For how long.</param>
    /// <param name="every">The latency of each line of this number is looked at.</param>
    public static async Task<PacedTime> RunAsync(Contender contender, int sessions, int readers, TimeSpan time, int every = 1)
    {
        var lines = (int)(time.TotalSeconds * Pace.LinesPerSecond);
        var open = new List<PacedSession>();
        try
        {
            for (var i = 0; i < sessions; i++)
            {
                open.Add(await PacedSession.OpenAsync(contender, readers, lines, every));
            }

            GC.Collect();
            var lags = new List<double>();
            var (cpu, own, began) = (contender.Server.Cpu, Environment.CpuUsage.TotalTime, Stopwatch.GetTimestamp());

            // One loop for all of them: a timer for each would cost more than what it is to measure.
            await Pace.RunAsync(lines - 1, async line =>
            {
                if (line % LookAtLagEvery == 0)
                {
                    lags.Add(open.Sum(session => session.Lag));
                }

                foreach (var session in open)
                {
                    await session.SendAsync();
                }
            });
            var receipts = open.SelectMany(session => session.Receipts).ToList();
            var sent = Stopwatch.GetElapsedTime(began);
            await Task.WhenAll(receipts.Select(receipt => receipt.Whole));
            var elapsed = Stopwatch.GetElapsedTime(began);

            // The first line waited for the connections.
            return new PacedTime([.. receipts.Select(receipt => receipt.Milliseconds.Skip(1).ToArray())], lags, (long)sessions * (lines - 1) / sent.TotalSeconds, elapsed)
            {
                ServerCpu = contender.Server.Cpu - cpu,
                ClientCpu = Environment.CpuUsage.TotalTime - own,
            };
        }
        finally
        {
            await Task.WhenAll(open.Select(session => session.DisposeAsync().AsTask()));
        }
    }
}

/// <summary>How it went.</summary>
/// <param name="Latencies">Milliseconds from hand-over to reader, for each reader in the order of the lines.</param>
/// <param name="Lags">Bytes handed over and not read, over all readers, at even distances over the time.</param>
/// <param name="LinesPerSecond">What the writers sent, all together: less than planned where the machine could not.</param>
/// <param name="Elapsed">From the first line to the last reader's last.</param>
internal sealed record PacedTime(double[][] Latencies, IReadOnlyList<double> Lags, double LinesPerSecond, TimeSpan Elapsed)
{
    public required TimeSpan ServerCpu { get; init; }

    public required TimeSpan ClientCpu { get; init; }

    /// <summary>Of one core.</summary>
    public double ServerCpuPercent => 100 * ServerCpu / Elapsed;

    /// <summary>A percentile of the latencies, in milliseconds.</summary>
    /// <param name="part">Which one.</param>
    /// <param name="from">Part of the time at which to begin.</param>
    /// <param name="to">Part of the time at which to end.</param>
    public double Latency(double part, double from = 0, double to = 1) =>
        Statistics.Percentile([.. Latencies.SelectMany(reader => Cut(reader, from, to))], part);

    /// <summary>The median of the lags, in bytes.</summary>
    public double Lag(double from, double to) => Statistics.Median([.. Cut(Lags, from, to)]);

    private static IEnumerable<double> Cut(IReadOnlyList<double> values, double from, double to) =>
        values.Skip((int)(from * values.Count)).Take((int)((to - from) * values.Count));
}
