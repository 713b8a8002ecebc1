using System.Diagnostics;
using System.Text.Json;
using Microsoft.Playwright;

namespace Relay.Benchmarks.Pages;

/// <summary>A log's page with <c>probe.js</c> in it, and what the browser itself says of it.</summary>
internal sealed class ProbedPage : IAsyncDisposable
{
    private static readonly TimeSpan LookAtHeapEvery = TimeSpan.FromMilliseconds(250);
    private readonly ICDPSession _browser;
    private readonly CancellationTokenSource _closing = new();
    private readonly Task _looking;

    private ProbedPage(IPage page, ICDPSession browser)
    {
        (Page, _browser) = (page, browser);
        _looking = LookAtHeapAsync(_closing.Token);
    }

    public IPage Page { get; }

    /// <summary>The most memory of its JavaScript that was seen, garbage included.</summary>
    public double PeakHeapMegabytes { get; private set; }

    /// <param name="chromium">Opens it.</param>
    /// <param name="url">Address of the log's page.</param>
    public static async Task<ProbedPage> OpenAsync(Chromium chromium, Uri url)
    {
        var page = await chromium.OpenAsync();
        var browser = await page.Context.NewCDPSessionAsync(page);
        await browser.SendAsync("Performance.enable");
        await page.AddInitScriptAsync(await ProbeAsync());
        await page.GotoAsync(url.AbsoluteUri, new PageGotoOptions { WaitUntil = WaitUntilState.Commit });
        return new ProbedPage(page, browser);
    }

    /// <summary>When a line is shown, counted from 0, in milliseconds since the page was asked for.</summary>
    public Task<double> ShownAsync(long number) => Page.EvaluateAsync<double>("number => probe.shown(number)", number);

    /// <summary>When a line with this text is shown.</summary>
    public Task<double> ShownAsync(string text) => Page.EvaluateAsync<double>("text => probe.shownText(text)", text);

    /// <summary>When the bar of the search says something that begins so.</summary>
    public Task<double> SaidAsync(string text) => Page.EvaluateAsync<double>("text => probe.said(text)", text);

    /// <summary>When all of the log was searched.</summary>
    public Task<double> SearchedAsync() => Page.EvaluateAsync<double>("() => probe.searched()");

    /// <summary>Moves the scroll bar to a part of its way, and says how many milliseconds it takes until lines around a number are shown.</summary>
    public Task<double> JumpAsync(double part, long lines) =>
        Page.EvaluateAsync<double>("([part, number, tolerance]) => probe.jump(part, number, tolerance)", new[] { part, part * lines, Math.Max(100, 0.05 * lines) });

    public Task<double> NowAsync() => Page.EvaluateAsync<double>("() => probe.now()");

    /// <summary>Number of the last line in the document, from 0.</summary>
    public Task<long> LastShownAsync() => Page.EvaluateAsync<long>("() => probe.lastShown()");

    /// <summary>Counts anew.</summary>
    /// <param name="isStamped">Whether the last line says when it was handed over.</param>
    public Task BeginAsync(bool isStamped = false) => Page.EvaluateAsync("stamped => probe.begin(stamped)", isStamped);

    public async Task<PageCounts> CountsAsync() =>
        (await Page.EvaluateAsync<JsonElement>("() => probe.counts()")).Deserialize<PageCounts>(JsonSerializerOptions.Web)!;

    /// <summary>Memory of its JavaScript after a full collection: objects, and the bytes that arrays hold beside them.</summary>
    public async Task<double> HeapMegabytesAsync()
    {
        await _browser.SendAsync("HeapProfiler.collectGarbage");
        return await HeapAsync();
    }

    /// <summary>Seconds of the page's main thread since it was opened, by what it did.</summary>
    public async Task<PageTimes> TimesAsync()
    {
        var answer = await _browser.SendAsync("Performance.getMetrics");
        var metrics = answer!.Value.GetProperty("metrics").EnumerateArray().ToDictionary(metric => metric.GetProperty("name").GetString()!, metric => metric.GetProperty("value").GetDouble());
        return new PageTimes(Stopwatch.GetTimestamp(), metrics["TaskDuration"], metrics["ScriptDuration"], metrics["LayoutDuration"] + metrics["RecalcStyleDuration"]);
    }

    public async ValueTask DisposeAsync()
    {
        await _closing.CancelAsync();
        await _looking;
        await Page.Context.CloseAsync();
        _closing.Dispose();
    }

    private async Task LookAtHeapAsync(CancellationToken cancellationToken)
    {
        using var timer = new PeriodicTimer(LookAtHeapEvery);
        try
        {
            while (await timer.WaitForNextTickAsync(cancellationToken))
            {
                PeakHeapMegabytes = Math.Max(PeakHeapMegabytes, await HeapAsync());
            }
        }
        catch (OperationCanceledException)
        {
            // Closed.
        }
    }

    private async Task<double> HeapAsync()
    {
        var usage = (await _browser.SendAsync("Runtime.getHeapUsage"))!.Value;
        return (usage.GetProperty("usedSize").GetDouble() + usage.GetProperty("backingStorageSize").GetDouble()) / 1e6;
    }

    private static async Task<string> ProbeAsync()
    {
        using var reader = new StreamReader(typeof(ProbedPage).Assembly.GetManifestResourceStream("probe.js")!);
        return await reader.ReadToEndAsync();
    }
}

/// <summary>What a page counted.</summary>
/// <param name="PerSecond">Frames in each whole second.</param>
/// <param name="Frames">All of them.</param>
/// <param name="Coming">Those in which a line had not come yet.</param>
/// <param name="Lags">For each frame, milliseconds since its last line was handed over.</param>
/// <param name="MostRows">Most rows in the document.</param>
internal sealed record PageCounts(double[] PerSecond, int Frames, int Coming, double[] Lags, double MostRows);

/// <summary>What a page's main thread had done at a moment, in seconds.</summary>
internal readonly record struct PageTimes(long At, double Busy, double Script, double Layout)
{
    /// <summary>From an earlier moment to this one, in percent of a core.</summary>
    public PageTimes Since(PageTimes earlier)
    {
        var percent = 100 / Stopwatch.GetElapsedTime(earlier.At, At).TotalSeconds;
        return new PageTimes(At, percent * (Busy - earlier.Busy), percent * (Script - earlier.Script), percent * (Layout - earlier.Layout));
    }
}
