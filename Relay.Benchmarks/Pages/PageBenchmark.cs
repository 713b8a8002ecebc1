using System.Globalization;
using Relay.Benchmarks.Contenders;
using Relay.Benchmarks.Load;
using Relay.Benchmarks.Reporting;
using Relay.Contracts;

namespace Relay.Benchmarks.Pages;

/// <summary>The log's page in a real browser: how soon it shows any part of a large log, how it follows a fast one, and what it takes for that.</summary>
internal static class PageBenchmark
{
    private const string Session = "page";

    /// <param name="lines">Size of the log.</param>
    /// <param name="rate">Lines per second that the page follows.</param>
    /// <param name="time">For how long.</param>
    /// <param name="json">Takes every sample.</param>
    public static async Task RunAsync(long lines, int rate, TimeSpan time, FileInfo? json)
    {
        var report = new Report(Suite.Machine(), Suite.Commit(), string.Create(CultureInfo.InvariantCulture, $"a log of {lines:#,0} lines"));
        var bench = new Bench(isQuick: false, rounds: 1, rows: [], report);
        var log = new SparkLog(lines);
        await using var relay = await RelayContender.StartAsync();
        await using var chromium = await Chromium.StartAsync();
        await using var writer = relay.Client.OpenWriter(Session);
        await Bench.SayAsync($"writing {lines} lines");
        foreach (var piece in log.Pieces())
        {
            await writer.WriteAsync(OutputType.Stdout, piece);
        }

        await writer.FlushAsync();
        var place = new LogPlace(relay, chromium, new Uri(relay.Server.Url, $"s/{Session}"));
        await Bench.SayAsync("places in it");
        await Places.RunAsync(bench, place, log);
        await Bench.SayAsync("searches");
        await Searches.RunAsync(bench, place, log);
        await Bench.SayAsync("scrolling");
        await Scrolling.RunAsync(bench, place);
        await Bench.SayAsync("following");
        await Following.RunAsync(bench, place, writer, log.Lines, rate, time);
        await report.PrintAsync(json);
    }
}

/// <summary>A log, and what opens its page.</summary>
internal sealed record LogPlace(RelayContender Relay, Chromium Chromium, Uri Url)
{
    /// <summary>Most memory of a page's JavaScript: a browser with many pages is not to suffer from this one.</summary>
    public static readonly Goal Heap = new(200, double.PositiveInfinity, AtMost: true);

    /// <summary>A view and a margin: what costs a browser is rows, however many lines there are.</summary>
    public static readonly Goal Rows = new(100, double.PositiveInfinity, AtMost: true);

    public Task<ProbedPage> OpenAsync(string hash = "") => ProbedPage.OpenAsync(Chromium, new Uri($"{Url}{hash}"));
}
