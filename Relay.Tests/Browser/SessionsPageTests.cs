using FluentAssertions;
using Microsoft.Playwright;
using Relay.Tests.Cli;
using Relay.Tests.Security;
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

    [Fact]
    public async Task A_session_is_created_and_deleted_and_its_tokens_are_shown_once()
    {
        await using var relay = await RelayHost.StartAsync();
        await using var page = await chromium.OpenAsync();
        page.Expected = ["the server responded with a status of 400"];
        await relay.Api.CreateSession("there");
        await page.GoToAsync(relay.BaseAddress, "");
        await page.ShouldSayAsync("1 session");

        await page.Page.Keyboard.PressAsync("n");
        await page.Page.GetByLabel("Id", new() { Exact = true }).FillAsync("there");
        await page.Page.GetByRole(AriaRole.Button, new() { Name = "Create" }).ClickAsync();
        await page.ShouldSayAsync("already exists");
        await page.Page.GetByLabel("Id", new() { Exact = true }).FillAsync("nightly");
        await page.Page.GetByLabel("Labels optional").FillAsync("team=data");
        await page.Page.GetByRole(AriaRole.Button, new() { Name = "Create" }).ClickAsync();
        await page.ShouldSayAsync("Once this is closed they cannot be shown again.");
        var tokens = await page.Page.Locator(".new-token code").AllInnerTextsAsync();
        tokens.Should().HaveCount(2).And.OnlyContain(token => token.Length == 43);
        (await page.Page.Locator("dialog").InnerTextAsync()).Should().Contain($"RELAY_TOKEN={tokens[0]}").And.Contain("--session nightly");
        await page.Page.GetByRole(AriaRole.Button, new() { Name = "Done" }).ClickAsync();
        await page.ShouldSayAsync("2 sessions");
        (await page.Page.Locator("body").InnerTextAsync()).Should().Contain("data").And.NotContain(tokens[0]);

        await relay.Api.Append("nightly", "one\ntwo\n"u8.ToArray());
        await page.ShouldSayAsync("8 B");
        await page.Page.GetByLabel("Delete nightly").ClickAsync();
        await page.ShouldSayAsync("Its log is deleted with it: 8 B in 2 lines. This cannot be undone.");
        await page.Page.GetByRole(AriaRole.Button, new() { Name = "Keep it" }).ClickAsync();
        (await relay.Api.Status("nightly")).Should().NotBeNull();
        await page.Page.GetByLabel("Delete nightly").ClickAsync();
        await page.Page.GetByRole(AriaRole.Button, new() { Name = "Delete", Exact = true }).ClickAsync();
        await page.ShouldSayAsync("1 session");
        using var answer = await relay.Api.Send(HttpMethod.Get, RelayApi.SessionPath("nightly"));
        answer.StatusCode.Should().Be(System.Net.HttpStatusCode.Gone);
    }

    [Fact]
    public async Task The_list_takes_an_admin_key_which_is_kept_for_the_tab_and_for_its_pages()
    {
        await using var relay = await RelayHost.StartAsync(options =>
        {
            options.Settings["Security:AdminKeys"] = LockedRelay.AdminKey;
            options.Settings["anonymous-networks"] = "none";
        });
        relay.Http.DefaultRequestHeaders.Authorization = new("Bearer", LockedRelay.AdminKey);
        await relay.Api.CreateSession("secret");
        await relay.Api.Append("secret", "the log\n"u8.ToArray());
        await using var page = await chromium.OpenAsync();
        page.Expected = ["the server responded with a status of 401"];
        await page.GoToAsync(relay.BaseAddress, "");
        await page.ShouldSayAsync("The list of sessions is not shown to you");
        (await page.Page.Locator("body").InnerTextAsync()).Should().NotContain("secret");

        await page.Page.GetByLabel("Admin key").FillAsync(LockedRelay.AdminKey);
        await page.Page.GetByRole(AriaRole.Button, new() { Name = "Go on" }).ClickAsync();
        await page.ShouldSayAsync("secret");
        await page.Page.GetByRole(AriaRole.Link, new() { Name = "secret" }).ClickAsync();
        await page.ShouldShowAsync("the log");
        await page.Page.ReloadAsync();
        await page.ShouldShowAsync("the log");
        page.Requests.Should().OnlyContain(request => !request.AbsoluteUri.Contains(LockedRelay.AdminKey, StringComparison.Ordinal), "a key does not stand in an address");
        (await page.Page.EvaluateAsync<string>("() => JSON.stringify(localStorage)")).Should().NotContain(LockedRelay.AdminKey, "another tab has to ask for it");
    }
}
