using Microsoft.Playwright;

namespace Relay.Benchmarks.Pages;

/// <summary>A real Chromium, Debian's, without a window. Each page has a profile of its own, and so nothing in its cache.</summary>
internal sealed class Chromium : IAsyncDisposable
{
    private const string Program = "/usr/bin/chromium";
    private const int TimeoutMs = 120_000;
    private readonly IPlaywright _playwright;
    private readonly IBrowser _browser;

    private Chromium(IPlaywright playwright, IBrowser browser) => (_playwright, _browser) = (playwright, browser);

    public static async Task<Chromium> StartAsync()
    {
        var playwright = await Playwright.CreateAsync();
        var browser = await playwright.Chromium.LaunchAsync(new BrowserTypeLaunchOptions
        {
            ExecutablePath = Program,
            Args = ["--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu"], // Root, and a container's small /dev/shm.
        });
        return new Chromium(playwright, browser);
    }

    /// <param name="configure">What the page's profile has otherwise: its size, its theme.</param>
    public async Task<IPage> OpenAsync(Action<BrowserNewContextOptions>? configure = null)
    {
        var options = new BrowserNewContextOptions { ViewportSize = new ViewportSize { Width = 1280, Height = 800 }, TimezoneId = "UTC", Locale = "en-GB" };
        configure?.Invoke(options);
        var context = await _browser.NewContextAsync(options);
        context.SetDefaultTimeout(TimeoutMs);
        return await context.NewPageAsync();
    }

    public async ValueTask DisposeAsync()
    {
        await _browser.CloseAsync();
        _playwright.Dispose();
    }
}
