using System.Diagnostics;
using Relay.Benchmarks.Reporting;

namespace Relay.Benchmarks.Pages;

/// <summary>D3: somebody turns the wheel in the middle of the log.</summary>
internal static class Scrolling
{
    private const string Id = "D3";
    private const float WheelPixels = 120; // A notch.
    private static readonly TimeSpan NotchEvery = TimeSpan.FromMilliseconds(20);
    private static readonly TimeSpan Time = TimeSpan.FromSeconds(10);

    public static async Task RunAsync(Bench bench, LogPlace place)
    {
        await using var page = await place.OpenAsync("#L2");
        await page.ShownAsync(1);
        await page.Page.Locator(".log").HoverAsync();
        await page.BeginAsync();
        var (times, began) = (await page.TimesAsync(), Stopwatch.GetTimestamp());
        using var timer = new PeriodicTimer(NotchEvery);
        while (Stopwatch.GetElapsedTime(began) < Time && await timer.WaitForNextTickAsync())
        {
            await page.Page.Mouse.WheelAsync(0, WheelPixels);
        }

        var (counts, busy) = (await page.CountsAsync(), (await page.TimesAsync()).Since(times));
        Add("frames per second", "").Samples.AddRange(counts.PerSecond);
        Add("frames in which a line had not come", "%").Samples.Add(100.0 * counts.Coming / counts.Frames);
        Add("lines gone through", "").Samples.Add(await page.LastShownAsync());
        Add("page's main thread", "% of a core").Samples.Add(busy.Busy);
        Add("rows in the document, most", "", LogPlace.Rows).Samples.Add(counts.MostRows);
        Add("heap, most", "MB", LogPlace.Heap).Samples.Add(page.PeakHeapMegabytes);

        Row Add(string name, string unit, Goal? goal = null) => bench.Add(new Row(Id, name, unit) { Goal = goal });
    }
}
