using System.Net;
using System.Text;
using System.Text.Json;
using FluentAssertions;
using Relay.Client;
using Relay.Contracts;
using Relay.Tests.TestKit;
using Xunit;

namespace Relay.Tests.Browser;

/// <summary><c>--path-base /relay</c> without a proxy: everything is there below the path, and without it, as a proxy asks that takes the path off.</summary>
[Collection(BrowserTests.Name)]
public sealed class PathBaseTests(Chromium chromium) : IAsyncLifetime
{
    private RelayHost _relay = null!;

    private Uri Below => new(_relay.BaseAddress, "relay/");

    [Theory]
    [InlineData("relay/")]
    [InlineData("relay")]
    [InlineData("relay/s/nightly")]
    [InlineData("")]
    [InlineData("s/nightly")]
    public async Task A_page_is_told_the_path_by_whatever_address_it_is_asked_for(string path)
    {
        var page = await _relay.Http.GetStringAsync(new Uri(_relay.BaseAddress, path));

        page.Should().Contain("<base href=\"/relay/\" />").And.NotContain("href=\"/\"");
    }

    [Theory]
    [InlineData("relayed/", "There is no /relayed/ here. See /docs for what there is.")]
    [InlineData("other/s/nightly", "There is no /other/s/nightly here. See /docs for what there is.")]
    [InlineData("relay/relay/s/nightly", "There is no /relay/relay/s/nightly here. See /relay/docs for what there is.")]
    [InlineData("relay/nowhere", "There is no /relay/nowhere here. See /relay/docs for what there is.")]
    public async Task What_is_not_there_is_told_by_its_whole_address(string path, string detail)
    {
        using var answer = await _relay.Http.GetAsync(new Uri(_relay.BaseAddress, path));

        answer.StatusCode.Should().Be(HttpStatusCode.NotFound);
        using var problem = JsonDocument.Parse(await answer.Content.ReadAsStringAsync());
        problem.RootElement.GetProperty("detail").GetString().Should().Be(detail);
    }

    [Theory]
    [InlineData("")]
    [InlineData("relay")]
    [InlineData("relay/")]
    public async Task The_hub_and_the_sessions_are_there_with_the_path_and_without(string path)
    {
        var session = RelayApi.NewId();
        using var client = new RelayClient(new Uri(_relay.BaseAddress, path));
        await using (var writer = client.OpenWriter(session))
        {
            await writer.WriteAsync(OutputType.Stdout, "a line\n"u8.ToArray());
            await Eventually.Done(writer.CompleteAsync(3), "the completion is answered");
        }

        var text = new StringBuilder();
        await foreach (var entry in client.ReadAsync(session))
        {
            text.Append(Encoding.ASCII.GetString(entry.Data.Span));
        }

        text.ToString().Should().Be("a line\n");
        (await client.GetSessionAsync(session))!.ExitCode.Should().Be(3);
    }

    [Theory]
    [InlineData("relay/openapi/v1.json")]
    [InlineData("openapi/v1.json")]
    public async Task The_description_names_the_path(string path)
    {
        using var description = JsonDocument.Parse(await _relay.Http.GetStringAsync(new Uri(_relay.BaseAddress, path)));

        description.RootElement.GetProperty("servers")[0].GetProperty("url").GetString().Should().Be(Below.AbsoluteUri.TrimEnd('/'));
    }

    [Fact]
    public async Task The_page_of_the_description_finds_it()
    {
        await using var page = await chromium.OpenAsync();

        await page.GoToAsync(Below, "docs");

        await page.ShouldSayAsync("/logging_session/{id}/complete");
        page.Requests.Should().Contain(new Uri(Below, "openapi/v1.json"));
    }

    [Fact]
    public async Task Who_goes_round_the_proxy_finds_the_pages_too()
    {
        await _relay.Api.CreateSession("nightly");
        await _relay.Api.Append("nightly", "one\n"u8.ToArray());
        await using var page = await chromium.OpenAsync();

        await page.GoToAsync(_relay.BaseAddress, "s/nightly#L1");
        await page.ShouldShowAsync("one");
        page.Page.Url.Should().Be(new Uri(Below, "s/nightly#L1").AbsoluteUri);

        await page.Page.ReloadAsync();
        await page.ShouldShowAsync("one");
        await page.GoToAsync(_relay.BaseAddress, "");
        await page.ShouldSayAsync("1 session");
        page.Page.Url.Should().Be(Below.AbsoluteUri);
    }

    public async Task InitializeAsync() => _relay = await RelayHost.StartAsync(options => options.Settings["path-base"] = "/relay");

    public Task DisposeAsync() => _relay.DisposeAsync().AsTask();
}
