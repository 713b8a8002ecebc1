using Relay.Benchmarks.Load;
using Relay.Benchmarks.Reporting;

namespace Relay.Benchmarks.Pages;

/// <summary>D1: opening a large log at its end or at a line, and going to other places of it.</summary>
internal static class Places
{
    private const string Id = "D1";
    private const int Openings = 5;
    private const int Jumps = 300; // The page keeps what it saw last, within bounds: these are more than it keeps.
    private static readonly Goal Soon = new(1000, double.PositiveInfinity, AtMost: true);

    public static async Task RunAsync(Bench bench, LogPlace place, SparkLog log)
    {
        var end = Add("open, until the last line is shown", "ms", Soon);
        var link = Add("open a link to a line", "ms", Soon);
        for (var i = 0; i < Openings; i++)
        {
            await using (var page = await place.OpenAsync())
            {
                end.Samples.Add(await page.ShownAsync(log.Lines - 1));
            }

            var number = log.Lines * (i + 1) / (Openings + 1);
            await using var linked = await place.OpenAsync($"#L{number}");
            link.Samples.Add(await linked.ShownAsync(number - 1));
        }

        await JumpAsync();

        async Task JumpAsync()
        {
            await using var page = await place.OpenAsync();
            await page.ShownAsync(log.Lines - 1);
            foreach (var (part, name) in new[] { (0, "start"), (0.5, "middle"), (0.25, "first quarter") })
            {
                Add($"jump to the {name}", "ms").Samples.Add(await page.JumpAsync(part, log.Lines));
            }

            var random = new Random(Jumps);
            var jump = Add($"{Jumps} jumps to anywhere", "ms");
            for (var i = 0; i < Jumps; i++)
            {
                jump.Samples.Add(await page.JumpAsync(random.NextDouble(), log.Lines));
            }

            Add("rows in the document, most", "", LogPlace.Rows).Samples.Add((await page.CountsAsync()).MostRows);
            Add("heap, most", "MB", LogPlace.Heap).Samples.Add(page.PeakHeapMegabytes);
            Add("heap after a collection", "MB", LogPlace.Heap).Samples.Add(await page.HeapMegabytesAsync());
        }

        Row Add(string name, string unit, Goal? goal = null) => bench.Add(new Row(Id, name, unit) { Goal = goal });
    }
}
