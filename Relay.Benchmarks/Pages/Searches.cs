using Relay.Benchmarks.Load;
using Relay.Benchmarks.Reporting;

namespace Relay.Benchmarks.Pages;

/// <summary>D2: finding what the page never loaded, with its own bar and keys. The times have the quarter of a second in them that the page waits for the next key.</summary>
internal static class Searches
{
    private const string Id = "D2";
    private const string Field = ".find input";
    private static readonly Goal Seconds = new(5000, double.PositiveInfinity, AtMost: true);

    public static async Task RunAsync(Bench bench, LogPlace place, SparkLog log)
    {
        await MeasureAsync("a word of one line", SparkLog.Needle, isRegex: false);
        await MeasureAsync("a regular expression", SparkLog.Pattern, isRegex: true);
        await ErrorAsync();

        async Task MeasureAsync(string what, string text, bool isRegex)
        {
            await using var page = await OpenAsync();
            await page.Page.Keyboard.PressAsync("/");
            if (isRegex)
            {
                await page.Page.GetByTitle("Regular expression").ClickAsync();
                await page.Page.Locator(Field).FocusAsync();
            }

            var (cpu, began) = (place.Relay.Server.Cpu, await page.NowAsync());
            await page.Page.Keyboard.InsertTextAsync(text);
            if (!isRegex)
            {
                Add($"{what}: found", "ms", Seconds).Samples.Add(await page.SaidAsync("1 found") - began);
            }

            var all = Add($"{what}: all of the log searched", "ms");
            all.Samples.Add(await page.SearchedAsync() - began);
            all.ServerCpuSeconds.Add((place.Relay.Server.Cpu - cpu).TotalSeconds);
            if (!isRegex)
            {
                var asked = await page.NowAsync();
                await page.Page.Keyboard.PressAsync("Enter");
                Add($"{what}: shown, after Enter", "ms").Samples.Add(await page.ShownAsync(log.NeedleLine) - asked);
            }
        }

        async Task ErrorAsync()
        {
            await using var page = await OpenAsync();
            var began = await page.NowAsync();
            await page.Page.Keyboard.PressAsync("e");
            Add("the first error, by the key e: shown", "ms", Seconds).Samples.Add(await page.ShownAsync(log.FirstError) - began);
            await page.SearchedAsync();
            Add("heap after a collection, all errors found", "MB", LogPlace.Heap).Samples.Add(await page.HeapMegabytesAsync());
        }

        async Task<ProbedPage> OpenAsync()
        {
            var page = await place.OpenAsync();
            await page.ShownAsync(log.Lines - 1);
            return page;
        }

        Row Add(string name, string unit, Goal? goal = null) => bench.Add(new Row(Id, name, unit) { Goal = goal });
    }
}
