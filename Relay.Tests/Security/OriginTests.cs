using System.Net;
using FluentAssertions;
using Relay.Server;
using Relay.Tests.TestKit;
using Xunit;

namespace Relay.Tests.Security;

/// <summary>Whose pages may use the relay: its own, and those of <c>--allowed-origins</c>. Programs, which are no pages, go on as ever.</summary>
public sealed class OriginTests(RelayWithOrigins relay) : IClassFixture<RelayWithOrigins>
{
    public static TheoryData<string> Ways => [.. PageRequest.Guarded.Keys];

    private RelayApi Api => relay.Api;

    [Theory]
    [MemberData(nameof(Ways))]
    public async Task A_page_of_a_foreign_origin_is_refused_on_every_way_in(string way)
    {
        foreach (var origin in new[] { PageRequest.Evil, "http://127.0.0.1:1", $"https://127.0.0.1:{Api.BaseAddress.Port}", "http://dash.example", "https://dash.example:3000", "http://dash.example:3000.evil.example" })
        {
            using var answer = await Send(way, origin);

            var problem = await Problem.Of(answer, HttpStatusCode.Forbidden, "forbidden");
            problem.Detail.Should().Contain(origin).And.Contain("--allowed-origins");
        }
    }

    [Theory]
    [MemberData(nameof(Ways))]
    public async Task What_is_no_origin_is_refused_as_well(string way)
    {
        foreach (var origin in new[] { "null", "", "file://", $"{PageRequest.Allowed}/", $"{PageRequest.Allowed} {PageRequest.Allowed}", "moz-extension://x" })
        {
            using var answer = await Send(way, origin);

            await Problem.Of(answer, HttpStatusCode.Forbidden, "forbidden");
        }
    }

    [Theory]
    [MemberData(nameof(Ways))]
    public async Task A_page_of_another_site_that_hides_its_origin_is_refused(string way)
    {
        foreach (var site in new[] { "cross-site", "same-site" })
        {
            using var answer = await Api.SendAsync(PageRequest.Guarded[way](await relay.Session()).With("Sec-Fetch-Site", site));

            (await Problem.Of(answer, HttpStatusCode.Forbidden, "forbidden")).Detail.Should().Contain("Origin").And.Contain("--allowed-origins");
        }
    }

    [Theory]
    [MemberData(nameof(Ways))]
    public async Task The_relays_own_pages_allowed_ones_and_programs_come_in(string way)
    {
        foreach (var origin in new[] { null, Api.BaseAddress.GetLeftPart(UriPartial.Authority), PageRequest.Allowed, "HTTP://DASH.example:3000", "https://tls.example", "https://tls.example:443" })
        {
            using var answer = await Send(way, origin);

            answer.StatusCode.Should().NotBe(HttpStatusCode.Forbidden, $"{origin} may: {answer}");
        }

        using var own = await Api.SendAsync(PageRequest.Guarded[way](await relay.Session()).With("Sec-Fetch-Site", "same-origin"));
        own.StatusCode.Should().NotBe(HttpStatusCode.Forbidden);
    }

    [Fact]
    public async Task Plain_reads_are_answered_whoever_asks()
    {
        var session = await relay.Session();
        foreach (var path in PageRequest.Open)
        {
            foreach (var method in new[] { HttpMethod.Get, HttpMethod.Head })
            {
                using var answer = await Api.SendAsync(new HttpRequestMessage(method, string.Format(null, path, session)).WithOrigin(PageRequest.Evil).With("Sec-Fetch-Site", "cross-site"));

                answer.StatusCode.Should().NotBe(HttpStatusCode.Forbidden, path);
            }
        }
    }

    [Fact]
    public async Task An_upgrade_to_anything_counts_as_a_WebSocket()
    {
        using var answer = await Api.SendAsync(
            new HttpRequestMessage(HttpMethod.Get, RelayApi.ReadPath(await relay.Session())).With("Connection", "Upgrade").With("Upgrade", "frobnication").WithOrigin(PageRequest.Evil));

        await Problem.Of(answer, HttpStatusCode.Forbidden, "forbidden");
    }

    [Fact]
    public async Task A_foreign_page_is_refused_before_anybody_asks_for_its_token()
    {
        await using var closed = await RelayHost.StartAsync(options => options.Settings["anonymous-networks"] = "none");
        using var answer = await closed.Api.SendAsync(new HttpRequestMessage(HttpMethod.Post, "/tickets").WithOrigin(PageRequest.Evil).With("Authorization", "Bearer wrong"));

        await Problem.Of(answer, HttpStatusCode.Forbidden, "forbidden");
    }

    [Fact]
    public async Task A_relay_that_is_open_to_everybody_is_not_open_to_every_page()
    {
        await using var open = await RelayHost.StartAsync(options => options.Settings["auth"] = "none");
        foreach (var way in PageRequest.Guarded.Values)
        {
            using var answer = await open.Api.SendAsync(way("none").WithOrigin(PageRequest.Evil));

            await Problem.Of(answer, HttpStatusCode.Forbidden, "forbidden");
        }
    }

    [Theory]
    [InlineData("relay.example", "https://relay.example", "https", true)]
    [InlineData("relay.example:443", "https://relay.example", "https", true)]
    [InlineData("relay.example", "https://relay.example:443", "https", true)]
    [InlineData("relay.example", "http://relay.example", "https", false)]
    [InlineData("relay.example:8443", "https://relay.example", "https", false)]
    [InlineData("relay.example:80", "http://relay.example", "http", true)]
    [InlineData("[::1]:8160", "http://[::1]:8160", "http", true)]
    public async Task Behind_a_known_proxy_the_own_origin_is_the_one_the_proxy_says(string host, string origin, string scheme, bool isOwn)
    {
        await using var proxied = await RelayHost.StartAsync(options => (options.Settings["auth"], options.Settings["known-proxies"]) = ("none", "127.0.0.1"));
        using var answer = await proxied.Api.SendAsync(
            new HttpRequestMessage(HttpMethod.Post, "/tickets").With("Host", host).With("X-Forwarded-For", "10.0.0.9").With("X-Forwarded-Proto", scheme).WithOrigin(origin));

        answer.StatusCode.Should().Be(isOwn ? HttpStatusCode.OK : HttpStatusCode.Forbidden);
    }

    [Theory]
    [InlineData("relay.example", null)]
    [InlineData("upstream:8160", "X-Forwarded-Host")]
    [InlineData("relay.example", "X-Forwarded-Proto")]
    public async Task Behind_an_unknown_proxy_the_refusal_says_what_the_proxy_and_the_relay_lack(string host, string? forwarded)
    {
        var request = new HttpRequestMessage(HttpMethod.Post, "/tickets").With("Host", host).WithOrigin("https://relay.example");
        using var answer = await Api.SendAsync(forwarded is null ? request : request.With(forwarded, "https"));

        var detail = (await Problem.Of(answer, HttpStatusCode.Forbidden, "forbidden")).Detail;
        detail.Should().Contain("--known-proxies").And.Contain($"http://{host}").And.Contain("--allowed-origins https://relay.example");
    }

    [Fact]
    public async Task A_long_or_strange_origin_is_not_thrown_back_in_full()
    {
        using var answer = await Send("ticket", $"<script>{new string('x', 4000)}");

        (await Problem.Of(answer, HttpStatusCode.Forbidden, "forbidden")).Detail.Length.Should().BeLessThan(500);
    }

    [Theory]
    [InlineData("*", "in the name of whoever looks at them")]
    [InlineData("https://*.example", "Name each origin")]
    [InlineData("null", "sandboxed")]
    [InlineData("dash.example", "'dash.example' is none")]
    [InlineData("https://dash.example/", "Write https://dash.example.")]
    [InlineData("https://dash.example:443/app?x", "Write https://dash.example.")]
    [InlineData("https://bücher.example", "Write https://xn--bcher-kva.example.")]
    [InlineData("https://user@dash.example", "Write https://dash.example.")]
    [InlineData("ftp://dash.example", "http or https")]
    [InlineData("https://", "http or https")]
    [InlineData("https://dash.example:99999", "http or https")]
    public void An_origin_that_is_none_keeps_the_relay_from_starting_and_is_told_what_would_be_right(string text, string said)
    {
        var build = () => RelayApplication.Build(["--data", "unused", "--allowed-origins", $"https://good.example,{text}"]);

        var fault = build.Should().Throw<StartupException>().Which.Faults.Should().ContainSingle().Which;
        fault.Should().StartWith("--allowed-origins ").And.Contain($"'{text}'").And.Contain(said);
    }

    private async Task<HttpResponseMessage> Send(string way, string? origin) =>
        await Api.SendAsync(PageRequest.Guarded[way](await relay.Session()).WithOrigin(origin));
}

/// <summary>A relay that lets in pages of two other origins, and answers to any name.</summary>
public sealed class RelayWithOrigins : IAsyncLifetime
{
    private RelayHost _host = null!;

    internal RelayApi Api => _host.Api;

    internal Task<string> Session() => Api.CreateSession();

    public async Task InitializeAsync() => _host = await RelayHost.StartAsync(options => options.Settings["allowed-origins"] = $"{PageRequest.Allowed}, https://TLS.example:443");

    public async Task DisposeAsync() => await _host.DisposeAsync();
}
