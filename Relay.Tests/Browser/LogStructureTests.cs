using System.Text;
using FluentAssertions;
using Microsoft.Playwright;
using Relay.Tests.TestKit;
using Xunit;

namespace Relay.Tests.Browser;

/// <summary>What a page makes of the lines of a log: traces that fold, JSON that is set out, a Spark job's progress, and a view of nothing but what was found.</summary>
[Collection(BrowserTests.Name)]
public sealed class LogStructureTests(Chromium chromium, SharedRelay shared) : IClassFixture<SharedRelay>
{
    private readonly string _session = RelayApi.NewId();

    [Fact]
    public async Task A_filter_leaves_matches_and_the_lines_around_them_of_all_of_the_log_and_of_what_comes()
    {
        await using var page = await Open(Lines(0, 20_000) + "ERROR one\n" + Lines(20_001, 20_000) + "ERROR two\n" + Lines(40_002, 20_000));
        await page.ShouldShowAsync("line 60001");
        await page.Page.Keyboard.PressAsync("/");
        await page.Page.Keyboard.TypeAsync("ERROR");
        await page.ShouldSayAsync("2 found");

        await page.Page.GetByLabel("Shown lines").SelectOptionAsync("matches ± 2 lines");
        string[] expected = ["line 19998", "line 19999", "ERROR one", "line 20001", "line 20002", "line 39999", "line 40000", "ERROR two", "line 40002", "line 40003"];
        await ShowsJust(page, expected);
        (await page.Page.Locator(".skipped").AllInnerTextsAsync()).Select(text => string.Concat(text.Where(char.IsAsciiLetterOrDigit))).Should().Equal("19998lines", "19996lines");
        await Append("ERROR three\n");
        await ShowsJust(page, [.. expected, "line 60000", "line 60001", "ERROR three"]);
        await Append("behind it\n");
        await ShowsJust(page, [.. expected, "line 60000", "line 60001", "ERROR three", "behind it"]);

        await page.Page.GetByLabel("Shown lines").SelectOptionAsync("only matches");
        await ShowsJust(page, ["ERROR one", "ERROR two", "ERROR three"]);
        await page.Page.GetByLabel("Next match").ClickAsync();
        await page.ShouldSayAsync("1 of 3");
        await page.Page.GetByLabel("Shown lines").SelectOptionAsync("all lines");
        await page.ShouldShowAsync("ERROR one");
        await page.ShouldShowAsync("line 19995");
    }

    [Fact]
    public async Task A_level_is_a_filter_too()
    {
        await using var page = await Open("24/01/31 12:00:00 INFO A: fine\n24/01/31 12:00:00 WARN A: hm\n{\"level\":\"error\",\"msg\":\"no\"}\nplain\n[12:00:00 FTL] gone\n");
        await page.ShouldShowAsync("plain");
        await page.Page.Keyboard.PressAsync("/");

        await page.Page.GetByLabel("Level").SelectOptionAsync("warnings and worse");
        await page.Page.GetByLabel("Shown lines").SelectOptionAsync("only matches");

        await ShowsJust(page, ["24/01/31 12:00:00 WARN A: hm", "{\"level\":\"error\",\"msg\":\"no\"}", "[12:00:00 FTL] gone"]);
        await page.Page.GetByRole(AriaRole.Button, new() { Name = "Close" }).ClickAsync();
        await page.ShouldShowAsync("plain");
    }

    [Fact]
    public async Task Stack_traces_are_folded_to_what_says_most_and_open_for_who_looks_for_what_is_within()
    {
        var frames = Enumerable.Range(0, 40).Select(i => $"        at a.b.C.m{i}(C.java:{i})").ToList();
        string[] python = ["Traceback (most recent call last):", "  File \"x.py\", line 3, in <module>", "    main()", "  File \"x.py\", line 2, in main", "    raise ValueError(\"no\")", "ValueError: no"];
        List<string> log = ["before", "java.lang.RuntimeException: outer", .. frames, "Caused by: java.io.IOException: inner", "        at a.b.D.n(D.java:1)", "        ... 38 more", .. python, "after"];
        await using var page = await Open(string.Concat(log.Select(line => line.Replace("        ", "\t", StringComparison.Ordinal) + "\n")));
        string[] folded = ["before", "java.lang.RuntimeException: outer", "Caused by: java.io.IOException: inner", python[0], python[^1], "after"];
        await ShowsJust(page, folded);

        await page.Page.GetByLabel("Stack trace, 4 more lines").ClickAsync();
        await ShowsJust(page, [.. folded[..3], .. python, "after"]);
        await page.Page.Keyboard.PressAsync("Enter"); // The button has the focus still.
        await ShowsJust(page, folded);

        await page.Page.Keyboard.PressAsync("/");
        await page.Page.Keyboard.TypeAsync("m39");
        await page.ShouldSayAsync("1 found");
        await page.Page.Keyboard.PressAsync("Enter");
        await page.ShouldAsync(async () => (await page.LinesAsync()).Values.Any(line => line.Trim() == frames[39].Trim()), "the trace that has it is open");
        await page.Page.Keyboard.PressAsync("Escape");
        await page.Page.Keyboard.PressAsync("f");
        (await page.AllLinesAsync(log.Count)).Values.Select(line => line.Trim()).Should().Equal(log.Select(line => line.Trim()), "folding can be switched off");
    }

    [Fact]
    public async Task Thousands_of_traces_scroll_by_wheel_to_the_end_which_is_followed_again()
    {
        var trace = "java.lang.RuntimeException: outer\n" + string.Concat(Enumerable.Range(0, 30).Select(i => $"\tat a.b.C.m{i}(C.java:{i})\n"));
        await using var page = await Open(string.Concat(Enumerable.Repeat(trace, 1000)) + "the end\n");
        await page.ShouldShowAsync("the end");
        await page.Page.Locator(".log").HoverAsync();
        await page.Page.Mouse.WheelAsync(0, -500);
        await page.ShouldSayAsync("Go to the end");
        (await page.Page.EvaluateAsync<int>("() => document.querySelectorAll('.log .row').length")).Should().BeLessThan(80);

        await page.ShouldAsync(
            async () =>
            {
                await page.Page.Mouse.WheelAsync(0, 300);
                return await page.Page.Locator(".follow.is-on").CountAsync() > 0;
            },
            "the end is reached however many lines are folded");
        await page.ShouldShowAsync("the end");
        await Append("more\n");
        await page.ShouldShowAsync("more");
    }

    [Theory]
    [InlineData(12)]
    [InlineData(1000)]
    public async Task Lines_higher_than_the_view_are_read_to_their_end_in_both_directions(int lines)
    {
        await using var page = await Open(string.Concat(Enumerable.Range(0, lines).Select(i => i < 30 || i >= lines - 30 ? $"line {i} {new string('x', 3500)}\n" : $"line {i}\n")));
        await page.ShouldAsync(async () => await page.Page.Locator(".follow.is-on").CountAsync() > 0, "the end is followed");
        await page.Page.Keyboard.PressAsync("w");
        await page.Page.Locator(".log").HoverAsync();
        var seen = new HashSet<int>();

        await ReadAsync(-100, Math.Max(0, lines - 32));
        await page.Page.Locator(".log").PressAsync("Home");
        await ReadAsync(100, Math.Min(32, lines - 1));
        await page.ShouldAsync(
            async () =>
            {
                await page.Page.Locator(".log").PressAsync("End"); // The wheel may still turn.
                return await page.Page.Locator(".follow.is-on").CountAsync() > 0;
            },
            "the end is followed");
        await ReadAsync(-100, Math.Max(0, lines - 5));
        await ReadAsync(100, lines - 1);
        await page.ShouldAsync(
            async () =>
            {
                await page.Page.Mouse.WheelAsync(0, 100);
                return await page.Page.Locator(".follow.is-on").CountAsync() > 0;
            },
            "who has read to the end follows it");

        async Task ReadAsync(int wheel, int until)
        {
            seen.Clear();
            await page.ShouldAsync(
                async () =>
                {
                    var now = (await page.Page.EvaluateAsync<int[]>(
                        """
                        () => {
                          const view = document.querySelector('.log').getBoundingClientRect();
                          return [...document.querySelectorAll('.log .line[data-number]')]
                            .filter((line) => { const { top, bottom } = line.getBoundingClientRect(); return bottom > view.top && top < view.bottom; })
                            .map((line) => Number(line.dataset.number));
                        }
                        """)).ToList();
                    (seen.Count == 0 || now.Exists(seen.Contains)).Should().BeTrue($"nothing is passed over: {string.Join(' ', now)} after {string.Join(' ', seen)}");
                    seen.UnionWith(now);
                    await page.Page.Mouse.WheelAsync(0, wheel);
                    return now.Contains(until);
                },
                $"line {until} is reached");
        }
    }

    [Fact]
    public async Task Json_is_set_out_when_somebody_asks()
    {
        await using var page = await Open("plain\n{\"a\":{\"b\":[1,null]},\"n\":1.0e2}\n[not json]\n");
        await page.ShouldShowAsync("[not json]");
        var button = page.Page.GetByLabel("JSON, set out");
        (await button.CountAsync()).Should().Be(1);

        await button.ClickAsync();
        await page.ShouldShowAsync("{\n  \"a\": {\n    \"b\": [\n      1,\n      null\n    ]\n  },\n  \"n\": 1.0e2\n}");
        await button.ClickAsync();
        await page.ShouldShowAsync("{\"a\":{\"b\":[1,null]},\"n\":1.0e2}");
    }

    [Fact]
    public async Task A_Spark_jobs_log_has_its_progress_above_it()
    {
        const string At = "24/01/31 12:00:00 INFO ";
        await using var page = await Open($"{At}SparkContext: Running Spark version 3.5.1\n{At}SparkContext: Submitted application: nightly\n" + Lines(0, 2000));
        var header = page.Page.GetByLabel("Spark application");
        await Says("nightly Spark 3.5.1");

        await Append("\r[Stage 4:====>   (12 + 4) / 40]");
        await Says("nightly Spark 3.5.1 Stage 4 12 / 40 4 running");
        await Append("\r[Stage 5:====>   (1 + 2) / 8][Stage 6:>   (0 + 0) / 9]");
        await Says("nightly Spark 3.5.1 Stage 5 1 / 8 2 running Stage 6 0 / 9 0 running");
        await Append($"\r                    \r{At}SparkContext: Successfully stopped SparkContext\n");
        await Says("nightly Spark 3.5.1");

        Task Says(string text) => page.ShouldAsync(async () => string.Join(' ', (await header.InnerTextAsync()).Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries)) == text, $"the header says “{text}”");
    }

    private static string Lines(int from, int count) => string.Concat(Enumerable.Range(from, count).Select(i => $"line {i}\n"));

    private static Task ShowsJust(BrowserPage page, IReadOnlyList<string> lines) =>
        page.ShouldAsync(async () => (await page.LinesAsync()).Values.Select(line => line.Trim()).SequenceEqual(lines.Select(line => line.Trim())), $"the page shows just {string.Join(" | ", lines)}");

    private Task Append(string text) => shared.Api.Append(_session, Encoding.UTF8.GetBytes(text), "stderr");

    private async Task<BrowserPage> Open(string log)
    {
        await shared.Api.CreateSession(_session);
        await Append(log);
        var page = await chromium.OpenAsync();
        await page.GoToLogAsync(shared.Host.BaseAddress, _session);
        return page;
    }
}
