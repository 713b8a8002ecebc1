using FluentAssertions;
using Microsoft.Playwright;
using Relay.Tests.Cli;
using Relay.Tests.TestKit;
using Xunit;

namespace Relay.Tests.Browser;

[Collection(BrowserTests.Name)]
public sealed class SessionsPageTests(Chromium chromium)
{
    [Fact]
    public async Task It_shows_what_happens_to_every_session_as_it_happens()
    {
        await using var relay = await RelayHost.StartAsync();
        await using var page = await chromium.OpenAsync();
        await page.GoToAsync(relay.BaseAddress, "");
        await page.ShouldSayAsync("relay-writer run"); // Nothing is there: how to begin.

        await relay.Api.CreateSession("nightly");
        await page.ShouldSayAsync("nightly");
        await page.ShouldSayAsync("waiting");
        await Job.Complete(relay, "nightly", "one\ntwo\n", exitCode: 3);
        await page.ShouldSayAsync("failed");
        await page.ShouldSayAsync("8 B");

        await page.Page.GetByRole(AriaRole.Link, new() { Name = "nightly" }).ClickAsync();
        await page.ShouldShowAsync("two");
        page.Page.Url.Should().EndWith("/s/nightly");
        await page.Page.GoBackAsync();
        await page.ShouldSayAsync("1 session");
        await relay.Api.Send(HttpMethod.Delete, RelayApi.SessionPath("nightly"));
        await page.ShouldSayAsync("relay-writer run");
    }

    [Fact]
    public async Task Sessions_are_found_by_text_and_by_label()
    {
        await using var relay = await RelayHost.StartAsync();
        foreach (var i in Enumerable.Range(0, 30))
        {
            await relay.Api.CreateSession($"job-{i}");
        }

        await using var page = await chromium.OpenAsync();
        await page.GoToAsync(relay.BaseAddress, "");
        await page.ShouldSayAsync("30 sessions");

        await page.Page.Keyboard.PressAsync("/");
        await page.Page.Keyboard.TypeAsync("job-2");

        await page.ShouldSayAsync("11 of 30");
        await page.ShouldAsync(() => Task.FromResult(page.Page.Url.Contains("job-2", StringComparison.Ordinal)), "the address has the search, so that a view can be shared");
    }
}
