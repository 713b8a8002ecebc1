using System.Diagnostics;
using Relay.Benchmarks.Load;
using Relay.Benchmarks.Reporting;
using Relay.Client;
using Relay.Contracts;

namespace Relay.Benchmarks.Pages;

/// <summary>D4: a page at the end of a large log that grows fast.</summary>
internal static class Following
{
    private const string Id = "D4";
    private static readonly TimeSpan LookEvery = TimeSpan.FromMilliseconds(500);
    private static readonly Goal Near = new(1000, double.PositiveInfinity, AtMost: true);

    /// <param name="bench">Takes the figures.</param>
    /// <param name="place">The log.</param>
    /// <param name="writer">Has written it.</param>
    /// <param name="before">How many lines there are.</param>
    /// <param name="rate">Lines per second.</param>
    /// <param name="time">For how long.</param>
    public static async Task RunAsync(Bench bench, LogPlace place, LogWriter writer, long before, int rate, TimeSpan time)
    {
        await using var page = await place.OpenAsync();
        await page.ShownAsync(before - 1);
        await page.BeginAsync(isStamped: true);
        var (written, behind) = (0, new List<double>());
        var (times, cpu, began) = (await page.TimesAsync(), place.Relay.Server.Cpu, Stopwatch.GetTimestamp());
        using var enough = new CancellationTokenSource();
        var looking = LookAsync(enough.Token);
        var log = new StampedLog();
        await Pace.RunAsync((int)(rate * time.TotalSeconds), line => SendAsync(line), rate);
        var sent = Stopwatch.GetElapsedTime(began);
        var (counts, busy, serverCpu) = (await page.CountsAsync(), (await page.TimesAsync()).Since(times), place.Relay.Server.Cpu - cpu);
        await enough.CancelAsync();
        await looking;
        var (peak, done) = (page.PeakHeapMegabytes, await page.NowAsync());

        Add("lines written", "lines/s").Samples.Add(written / sent.TotalSeconds);
        Add("from hand to eye", "ms", Near).Samples.AddRange(counts.Lags);
        Add("behind what was handed over", "lines").Samples.AddRange(behind);
        Add("the last line is shown, after the end", "ms", Near).Samples.Add(await page.ShownAsync(before + written - 1) - done);
        Add("frames per second", "").Samples.AddRange(counts.PerSecond);
        Add("page's main thread", "% of a core").Samples.Add(busy.Busy);
        Add("of that script", "% of a core").Samples.Add(busy.Script);
        Add("of that style and layout", "% of a core").Samples.Add(busy.Layout);
        Add("server CPU", "% of a core").Samples.Add(100 * serverCpu / sent);
        Add("rows in the document, most", "", LogPlace.Rows).Samples.Add(counts.MostRows);
        Add("heap, most", "MB", LogPlace.Heap).Samples.Add(peak);
        Add("heap after a collection", "MB", LogPlace.Heap).Samples.Add(await page.HeapMegabytesAsync());

        async ValueTask SendAsync(int line)
        {
            await writer.WriteAsync(OutputType.Stdout, log.Next(TimeProvider.System.GetUtcNow().ToUnixTimeMilliseconds()));
            Volatile.Write(ref written, line + 1);
        }

        async Task LookAsync(CancellationToken cancellationToken)
        {
            using var timer = new PeriodicTimer(LookEvery);
            try
            {
                while (await timer.WaitForNextTickAsync(cancellationToken))
                {
                    var shown = await page.LastShownAsync() + 1 - before;
                    behind.Add(Math.Max(0, Volatile.Read(ref written) - shown));
                }
            }
            catch (OperationCanceledException)
            {
                // Enough.
            }
        }

        Row Add(string name, string unit, Goal? goal = null) => bench.Add(new Row(Id, name, unit) { Goal = goal });
    }
}
