using System.Text;
using System.Text.Json;
using FluentAssertions;
using Microsoft.Playwright;
using Relay.Tests.Cli;
using Relay.Tests.TestKit;
using Xunit;

namespace Relay.Tests.Browser;

/// <summary>Both pages for everybody: judged by axe (Deque's rules for WCAG 2.2 AA) in both themes, worked by keys alone, and on a phone.</summary>
[Collection(BrowserTests.Name)]
public sealed class MannersTests(Chromium chromium, SharedRelay shared) : IClassFixture<SharedRelay>
{
    private const string Log =
        "24/01/31 12:00:00 INFO SparkContext: Running Spark version 3.5.1\n24/01/31 12:00:00 WARN A: hm\n24/01/31 12:00:00 ERROR A: no\n{\"level\":\"debug\",\"msg\":\"x\"}\n"
        + "\e[1;31mred\e[0m \e[32mgreen\e[0m \e[33myellow\e[0m \e[34mblue\e[0m \e[35mmagenta\e[0m \e[36mcyan\e[0m \e[90mgrey\e[0m \e[2mdim\e[0m \e[7minverse\e[0m\n"
        + "java.lang.RuntimeException: outer\n\tat a.b.C.m(C.java:1)\n\tat a.b.C.n(C.java:2)\n\tat a.b.C.o(C.java:3)\n[Stage 4:====>   (12 + 4) / 40]";

    private static readonly string Axe = File.ReadAllText(Repository.PathOf("Relay.Server", "Dashboard", "node_modules", "axe-core", "axe.min.js"));

    [Theory]
    [InlineData(ColorScheme.Light)]
    [InlineData(ColorScheme.Dark)]
    public async Task The_log_page_has_nothing_that_axe_complains_of(ColorScheme scheme)
    {
        var session = await shared.Api.CreateSession();
        await shared.Api.Append(session, Encoding.UTF8.GetBytes(string.Concat(Enumerable.Range(0, 1200).Select(i => $"line {i}\n")) + Log), "stderr");
        await using var page = await chromium.OpenAsync(options => options.ColorScheme = scheme);
        await page.GoToLogAsync(shared.Host.BaseAddress, session, "#L1195-L1197");
        await page.ShouldShowAsync("[Stage 4:====>   (12 + 4) / 40]");
        await page.ShouldSayAsync("running");
        await ShouldPassAsync(page, "log");

        await page.Page.Keyboard.PressAsync("e");
        await page.ShouldSayAsync("1 of 1");
        await page.Page.GetByLabel("Shown lines").SelectOptionAsync("matches ± 2 lines");
        await ShouldPassAsync(page, "search");
        await page.Page.GetByText("View", new() { Exact = true }).ClickAsync();
        await ShouldPassAsync(page, "menu");
        await page.Page.Keyboard.PressAsync("Escape");
        await page.Page.Keyboard.PressAsync("?");
        await page.ShouldSayAsync("find in the whole log");
        await ShouldPassAsync(page, "keyboard sheet");
    }

    [Theory]
    [InlineData(ColorScheme.Light)]
    [InlineData(ColorScheme.Dark)]
    public async Task The_sessions_page_has_nothing_that_axe_complains_of(ColorScheme scheme)
    {
        await using var relay = await RelayHost.StartAsync();
        await using var page = await chromium.OpenAsync(options => options.ColorScheme = scheme);
        await page.GoToAsync(relay.BaseAddress, "");
        await page.ShouldSayAsync("relay-writer run");
        await ShouldPassAsync(page, "no session");

        await relay.Api.CreateSession("waits");
        await Job.Complete(relay, "good", "one\n");
        await Job.Complete(relay, "bad", "one\n", exitCode: 3);
        await page.ShouldSayAsync("failed");
        await page.ShouldSayAsync("completed");
        await ShouldPassAsync(page, "sessions");
        await page.Page.Keyboard.PressAsync("n");
        await page.ShouldSayAsync("One session is one run of one job.");
        await ShouldPassAsync(page, "new session");
    }

    [Fact]
    public async Task The_theme_is_the_systems_until_somebody_chooses_one_which_stays()
    {
        await using var page = await chromium.OpenAsync(options => options.ColorScheme = ColorScheme.Dark);
        await page.GoToAsync(shared.Host.BaseAddress, "");
        await page.ShouldSayAsync("Sessions");
        await ShouldBeDarkAsync(true);
        await page.Page.GetByLabel("Theme: system").ClickAsync();
        await ShouldBeDarkAsync(false);
        await page.Page.ReloadAsync();
        await page.ShouldSayAsync("Sessions");
        await ShouldBeDarkAsync(false);

        Task ShouldBeDarkAsync(bool isDark) => page.ShouldAsync(
            async () => await page.Page.EvaluateAsync<bool>("() => getComputedStyle(document.documentElement).backgroundColor.match(/\\d+/g).slice(0, 3).every((part) => part < 60)") == isDark,
            $"the page is {(isDark ? "dark" : "light")}");
    }

    [Fact]
    public async Task All_of_a_log_is_reached_by_keys_and_a_sheet_tells_them()
    {
        var session = await shared.Api.CreateSession();
        await shared.Api.Append(session, Encoding.UTF8.GetBytes(string.Concat(Enumerable.Range(0, 5000).Select(i => $"line {i}\n"))));
        await using var page = await chromium.OpenAsync();
        await page.GoToLogAsync(shared.Host.BaseAddress, session);
        await page.ShouldShowAsync("line 4999");
        foreach (var (key, shown) in new[] { ("g", "line 0"), (" ", "line 40"), ("j", "line 60"), ("Shift+ ", "line 0"), ("PageDown", "line 40"), ("G", "line 4999"), ("Home", "line 0"), ("End", "line 4999") })
        {
            await page.Page.Keyboard.PressAsync(key);
            await page.ShouldShowAsync(shown);
        }

        await page.Page.Keyboard.PressAsync("t");
        await page.ShouldAsync(async () => await page.Page.Locator(".stamp").CountAsync() > 20, "times are shown");
        await page.Page.Keyboard.PressAsync("l");
        await page.ShouldAsync(async () => await page.Page.Locator(".number").CountAsync() == 0, "numbers are not");
        await page.Page.Keyboard.PressAsync("?");
        await page.ShouldSayAsync("times: off, local, UTC, relative");
        await page.Page.Keyboard.PressAsync("Escape");
        await page.Page.ReloadAsync();
        await page.ShouldShowAsync("line 4999");
        (await page.Page.Locator(".stamp").CountAsync()).Should().BeGreaterThan(20, "how somebody looks at logs stays");
    }

    [Fact]
    public async Task On_a_phone_nothing_but_the_log_itself_is_wider_than_the_screen()
    {
        var session = await shared.Api.CreateSession();
        await shared.Api.Append(session, Encoding.UTF8.GetBytes(Log + new string('x', 500) + "\n"));
        await shared.Api.Append(session, "out\n"u8.ToArray());
        await using var page = await chromium.OpenAsync(options => options.ViewportSize = new ViewportSize { Width = 390, Height = 844 });
        await page.GoToLogAsync(shared.Host.BaseAddress, session);
        await page.ShouldSayAsync("running");
        await page.Page.GetByText("Find", new() { Exact = true }).ClickAsync();
        await page.Page.GetByLabel("Find in the whole log").FillAsync("ERROR");
        await page.ShouldSayAsync("1 found");
        await Fits();
        await page.Page.GetByText("Save", new() { Exact = true }).ClickAsync();
        await Fits();
        await page.GoToAsync(shared.Host.BaseAddress, "");
        await page.ShouldSayAsync(session);
        await Fits();

        async Task Fits() => (await page.Page.EvaluateAsync<string[]>(
            """
            () => [...document.querySelectorAll('body *:not(.log *, .unseen)')]
              .filter((element) => { const { left, right, width } = element.getBoundingClientRect(); return width > 1 && (left < -1 || right > innerWidth + 1); })
              .filter((element) => !element.closest('.unseen, .state-filter')) // A row of filters is wiped sideways.
              .map((element) => element.outerHTML.slice(0, 120))
            """)).Should().BeEmpty();
    }

    private static async Task ShouldPassAsync(BrowserPage page, string what)
    {
        await page.Page.EvaluateAsync(Axe);
        var found = await page.Page.EvaluateAsync<JsonElement>("() => axe.run(document, { runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'] }).then((result) => result.violations)");
        found.EnumerateArray().Select(violation => $"{violation.GetProperty("id")}: {violation.GetProperty("nodes")[0].GetProperty("html")} {violation.GetProperty("nodes")[0].GetProperty("failureSummary")}")
            .Should().BeEmpty($"of {what}");
    }
}
