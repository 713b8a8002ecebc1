using Microsoft.Playwright;
using Relay.Benchmarks.Pages;

namespace Relay.Benchmarks.Pictures;

/// <summary>Takes pictures of both pages, for the documentation: light and dark, as on a desk and in a hand.</summary>
internal static class PictureBook
{
    private static readonly TimeSpan Live = TimeSpan.FromSeconds(8);

    private static readonly IReadOnlyList<Look> Looks =
    [
        new("light", ColorScheme.Light, IsPhone: false), new("dark", ColorScheme.Dark, IsPhone: false),
        new("light-phone", ColorScheme.Light, IsPhone: true), new("dark-phone", ColorScheme.Dark, IsPhone: true),
    ];

    /// <param name="folder">Takes the pictures; made if it is missing.</param>
    public static async Task RunAsync(DirectoryInfo folder)
    {
        folder.Create();
        await using var relay = await StagedRelay.StartAsync();
        await using var chromium = await Chromium.StartAsync();
        await using var sessions = new Sessions(relay);
        await sessions.BeginAsync();

        var lists = await OpenAsync("");
        await sessions.GoOnAsync(Live); // Their rates are drawn second by second.
        foreach (var (_, page) in lists)
        {
            await page.Locator($"[title$=', {sessions.JobLines} lines']").WaitForAsync(new LocatorWaitForOptions { State = WaitForSelectorState.Attached });
        }

        await TakeAsync(lists, "sessions");

        var last = await sessions.ArriveAsync();
        var logs = await OpenAsync($"s/{Sessions.Job}");
        foreach (var (_, page) in logs)
        {
            await page.GetByText(last).WaitForAsync();
        }

        await TakeAsync(logs, "log");

        async Task<List<(Look Look, IPage Page)>> OpenAsync(string path)
        {
            var pages = new List<(Look, IPage)>();
            foreach (var look in Looks)
            {
                var page = await chromium.OpenAsync(look.Apply);
                await page.GotoAsync(new Uri(relay.Url, path).AbsoluteUri);
                pages.Add((look, page));
            }

            return pages;
        }

        async Task TakeAsync(List<(Look Look, IPage Page)> pages, string name)
        {
            foreach (var (look, page) in pages)
            {
                var file = Path.Combine(folder.FullName, $"{name}-{look.Name}.png");
                await page.ScreenshotAsync(new PageScreenshotOptions { Path = file, Animations = ScreenshotAnimations.Disabled });
                await page.Context.CloseAsync();
                await Console.Out.WriteLineAsync(file);
            }
        }
    }

    private sealed record Look(string Name, ColorScheme Scheme, bool IsPhone)
    {
        public void Apply(BrowserNewContextOptions options)
        {
            options.ColorScheme = Scheme;
            if (IsPhone)
            {
                (options.ViewportSize, options.DeviceScaleFactor, options.HasTouch, options.IsMobile) = (new ViewportSize { Width = 390, Height = 844 }, 2, true, true);
            }
        }
    }
}
