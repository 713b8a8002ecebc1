using FluentAssertions;
using Microsoft.Playwright;
using Relay.Tests.Deploy;
using Relay.Tests.Security;
using Relay.Tests.TestKit;
using Xunit;

namespace Relay.Tests.Browser;

/// <summary>The pages below a path of a host that serves other things, through Debian's nginx with the site that is shipped.</summary>
[Collection(BrowserTests.Name)]
public sealed class BehindNginxTests(Chromium chromium) : IAsyncLifetime
{
    private readonly RelayBehindNginx _relay = new();

    private NginxSite Site => _relay.Site;

    [Fact]
    public async Task Pages_are_live_can_be_reloaded_and_ask_for_nothing_outside_of_their_path()
    {
        await using (var page = await chromium.OpenAsync())
        {
            page.Expected = ["the server responded with a status of 401"]; // That is how a page learns that it needs the key.
            await page.GoToAsync(Site.Relay, "");
            await page.Page.GetByLabel("Admin key", new() { Exact = true }).FillAsync(LockedRelay.AdminKey);
            await page.Page.GetByRole(AriaRole.Button, new() { Name = "Go on" }).ClickAsync();
            await page.ShouldSayAsync($"{Site.Host.Authority}/relay/logging_session"); // How to begin, with this address.

            await _relay.Api.CreateSession("nightly");
            await page.ShouldSayAsync("waiting");
            await _relay.Api.Append("nightly", "one\n"u8.ToArray());
            await page.ShouldSayAsync("4 B");
            await page.Page.GetByRole(AriaRole.Link, new() { Name = "nightly" }).ClickAsync();
            await page.ShouldShowAsync("one");
            page.Page.Url.Should().Be(new Uri(Site.Relay, "s/nightly").AbsoluteUri);

            await _relay.Api.Append("nightly", "two\n"u8.ToArray());
            await page.ShouldShowAsync("two");
            await page.Page.ReloadAsync();
            await page.ShouldShowAsync("two");
            await _relay.Api.Append("nightly", "three\n"u8.ToArray());
            await page.ShouldShowAsync("three");

            (await Download(page)).Should().Be("one\ntwo\nthree\n");
            page.Requests.Should().Contain(request => request.Scheme == "ws" && request.AbsolutePath == "/relay/hubs/logs");
        }

        Site.Requests.Should().Contain(request => request.StartsWith("/relay/logs/nightly/read/stdout?ticket=")).And.OnlyContain(request => request.StartsWith("/relay/"));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_log_can_be_opened_by_its_address_and_the_way_back_leads_to_the_sessions(bool takesPathOff)
    {
        await using var site = await NginxSite.StartAsync(_relay.Host.BaseAddress, takesPathOff: takesPathOff);
        await _relay.Api.CreateSession("nightly");
        await _relay.Api.Append("nightly", "one\n"u8.ToArray());
        await using var page = await chromium.OpenAsync();
        page.Expected = ["the server responded with a status of 401"];
        await page.GoToLogAsync(site.Relay, "nightly");
        await page.Page.GetByRole(AriaRole.Button, new() { Name = "Enter a token" }).ClickAsync();
        await page.Page.GetByLabel("It is an admin key").CheckAsync();
        await page.Page.GetByLabel("Admin key", new() { Exact = true }).FillAsync(LockedRelay.AdminKey);
        await page.Page.GetByRole(AriaRole.Button, new() { Name = "Go on" }).ClickAsync();
        await page.ShouldShowAsync("one");

        await page.Page.GetByRole(AriaRole.Link, new() { Name = "SparkLogRelay, all sessions" }).ClickAsync();

        await page.ShouldSayAsync("1 session");
        page.Page.Url.Should().Be(site.Relay.AbsoluteUri);
    }

    public Task InitializeAsync() => _relay.InitializeAsync();

    public Task DisposeAsync() => _relay.DisposeAsync();

    private static async Task<string> Download(BrowserPage page)
    {
        await page.Page.GetByText("Save", new() { Exact = true }).ClickAsync();
        var download = await page.Page.RunAndWaitForDownloadAsync(() => page.Page.Locator(".menu-panel").GetByRole(AriaRole.Button, new() { Name = "stdout", Exact = true }).ClickAsync());
        using var reader = new StreamReader(await download.CreateReadStreamAsync());
        return await reader.ReadToEndAsync();
    }
}
