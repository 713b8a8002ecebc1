using System.Text;
using FluentAssertions;
using Relay.Tests.TestKit;
using Xunit;

namespace Relay.Tests.Browser;

[Collection(BrowserTests.Name)]
public sealed class LargeLogTests(Chromium chromium, SharedRelay shared) : IClassFixture<SharedRelay>
{
    private const int Lines = 1_000_000;

    [Fact]
    public async Task A_million_lines_open_at_their_end_and_scroll_anywhere_with_as_many_rows_as_are_seen()
    {
        var session = await shared.Api.CreateSession();
        for (var first = 0; first < Lines; first += 100_000)
        {
            await shared.Api.Append(session, Encoding.ASCII.GetBytes(string.Concat(Enumerable.Range(first, 100_000).Select(i => $"line {i} of a job that says a lot\n"))));
        }

        await using var page = await chromium.OpenAsync();
        await page.GoToLogAsync(shared.Host.BaseAddress, session);
        await page.ShouldShowAsync(Text(Lines - 1));

        foreach (var part in new[] { 0.5, 0.1, 0.999, 0.25, 0, 1 })
        {
            await page.Page.EvaluateAsync("(part) => { const log = document.querySelector('.log'); log.scrollTop = part * (log.scrollHeight - log.clientHeight); }", part);
            await page.ShouldAsync(
                async () => await page.Page.Locator(".log .is-coming").CountAsync() == 0 && (await page.LinesAsync()) is { Count: > 20 } seen && Math.Abs(seen.Keys.First() - (part * Lines)) < Lines * 0.05, // Near its ends the bar is exact, and presses the middle together.
                $"lines near {part:P0} are there");
            var lines = await page.LinesAsync();
            lines.Should().OnlyContain(line => line.Value == Text(line.Key - 1), "each line has its own number");
            lines.Keys.Should().BeEquivalentTo(Enumerable.Range((int)lines.Keys.First(), lines.Count), "none is left out");
            lines.Count.Should().BeLessThan(80);
        }

        await page.Page.Locator(".log").PressAsync("Home");
        await page.ShouldShowAsync(Text(0));
        await page.Page.Locator(".log").PressAsync("PageDown");
        await page.ShouldShowAsync(Text(40));
        (await page.Page.EvaluateAsync<int>("() => document.querySelectorAll('.log .row').length")).Should().BeLessThan(80);

        await page.Page.Keyboard.PressAsync("/");
        await page.Page.Keyboard.TypeAsync("line 99");
        await page.ShouldAsync(async () => string.Concat((await page.Page.Locator(".find-count").InnerTextAsync()).Where(char.IsAsciiLetterOrDigit)) == "11111found", "a search that takes many batches is told in whole");
        await page.Page.GetByLabel("Shown lines").SelectOptionAsync("only matches");
        await page.Page.Locator(".log").PressAsync("End");
        await page.ShouldShowAsync(Text(999_999));
        await page.Page.Locator(".log").PressAsync("Home");
        await page.ShouldShowAsync(Text(99));
        await page.ShouldShowAsync(Text(9925));
    }

    private static string Text(long i) => $"line {i} of a job that says a lot";
}
