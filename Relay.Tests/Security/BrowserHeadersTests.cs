using System.Net;
using System.Security.Cryptography;
using System.Text;
using System.Text.RegularExpressions;
using FluentAssertions;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Relay.Server.Dashboard;
using Relay.Server.Security;
using Relay.Tests.TestKit;
using Xunit;

namespace Relay.Tests.Security;

/// <summary>Every answer tells a browser to run nothing, guess nothing, frame nothing and pass on nothing. And no answer sets a cookie.</summary>
public sealed partial class BrowserHeadersTests(SharedRelay relay) : IClassFixture<SharedRelay>
{
    private RelayApi Api => relay.Api;

    [Fact]
    public async Task All_endpoints_send_them_and_no_cookie()
    {
        var session = await Api.CreateSession();
        var endpoints = relay.Host.Services.GetServices<EndpointDataSource>().SelectMany(source => source.Endpoints).OfType<RouteEndpoint>().ToList();
        endpoints.Count.Should().BeGreaterThan(12, "the hub, the streams, the life cycle and the description are endpoints");
        foreach (var endpoint in endpoints)
        {
            var path = "/" + endpoint.RoutePattern.RawText!.TrimStart('/')
                .Replace("{id}", session, StringComparison.Ordinal).Replace("{output}", "stdout", StringComparison.Ordinal).Replace("{documentName}", "v1", StringComparison.Ordinal).Replace("{file}", "x", StringComparison.Ordinal);
            path.Should().NotContain("{", "this test knows all parameters");
            foreach (var method in endpoint.Metadata.GetMetadata<HttpMethodMetadata>()?.HttpMethods ?? ["GET", "POST"])
            {
                using var answer = await Api.SendAsync(new HttpRequestMessage(new HttpMethod(method), path));
                Check(answer, $"{method} {path}", endpoint.RoutePattern.RawText is "/" or "/s/{id}" ? DashboardFeature.PagePolicy : BrowserHeaders.DataPolicy);
            }
        }
    }

    [Theory]
    [InlineData("GET", "/nowhere", HttpStatusCode.NotFound)]
    [InlineData("GET", "/logs/x/read/%3Cimg%20src=x%3E", HttpStatusCode.BadRequest)]
    [InlineData("GET", "/logs/%3Cimg%20src=x%3E/read/stdout", HttpStatusCode.NotFound)]
    [InlineData("GET", "/%3Cimg%20src=x%3E", HttpStatusCode.NotFound)]
    [InlineData("PATCH", "/health", HttpStatusCode.MethodNotAllowed)]
    [InlineData("POST", "/logging_session", HttpStatusCode.UnsupportedMediaType)]
    [InlineData("GET", "/health?ticket=x", HttpStatusCode.OK)]
    [InlineData("GET", "/logging_session?ticket=x", HttpStatusCode.Unauthorized)]
    public async Task Refusals_send_them_too_and_are_no_markup(string method, string path, HttpStatusCode status)
    {
        using var answer = await Api.SendAsync(new HttpRequestMessage(new HttpMethod(method), path));

        answer.StatusCode.Should().Be(status);
        answer.Content.Headers.ContentType?.MediaType.Should().BeOneOf("application/problem+json", "application/json");
        Check(answer, path);
    }

    [Fact]
    public async Task A_refused_page_and_a_handshake_get_them_too()
    {
        using var refused = await Api.SendAsync(new HttpRequestMessage(HttpMethod.Post, "/tickets").WithOrigin(PageRequest.Evil));
        using var accepted = await Api.SendAsync(PageRequest.Handshake(RelayApi.ReadPath(await Api.CreateSession())));

        refused.StatusCode.Should().Be(HttpStatusCode.Forbidden);
        accepted.StatusCode.Should().Be(HttpStatusCode.SwitchingProtocols);
        Check(refused, "refusal");
        Check(accepted, "handshake");
    }

    [Fact]
    public async Task A_log_that_is_a_page_is_not_shown_as_one()
    {
        var session = await Api.CreateSession();
        await Api.Append(session, "<html><script>alert(1)</script>"u8.ToArray());
        using var answer = await Api.SendAsync(new HttpRequestMessage(HttpMethod.Get, RelayApi.ReadPath(session)));

        answer.Content.Headers.ContentType!.MediaType.Should().Be("application/octet-stream");
        Check(answer, "log");
    }

    [Theory]
    [InlineData("/docs")]
    [InlineData("/docs/index.html")]
    [InlineData("/docs/index.js")]
    [InlineData("/docs/swagger-ui.css")]
    [InlineData("/docs/nothing")]
    public async Task The_docs_may_run_their_own_files_and_nothing_else(string path)
    {
        using var answer = await Api.SendAsync(new HttpRequestMessage(HttpMethod.Get, path));

        Check(answer, path, BrowserHeaders.DocsPolicy);
        BrowserHeaders.DocsPolicy.Should().NotContain("unsafe").And.Contain("default-src 'none'").And.Contain("script-src 'self';");
    }

    [Fact]
    public async Task The_docs_have_no_script_or_style_in_their_page()
    {
        var page = await Api.Http.GetStringAsync("/docs");

        page.Should().Contain("<div id=\"swagger-ui\">");
        InlineCode().Matches(page).Should().BeEmpty("the policy would block it");
    }

    [Fact]
    public async Task The_one_style_that_the_docs_make_by_script_is_the_one_the_policy_names()
    {
        var script = await Api.Http.GetStringAsync("/docs/swagger-ui-standalone-preset.js") + await Api.Http.GetStringAsync("/docs/swagger-ui-bundle.js");

        var hashes = MadeStyle().Matches(script).Select(style => $"'sha256-{Convert.ToBase64String(SHA256.HashData(Encoding.UTF8.GetBytes(style.Groups["css"].Value)))}'");
        var named = Regex.Matches(BrowserHeaders.DocsPolicy, "'sha256-[^']+'", RegexOptions.None, TimeSpan.FromSeconds(10)).Select(match => match.Value);
        hashes.Should().Equal(named, "a new Swagger UI may have another; then its hash belongs into BrowserHeaders.DocsPolicy");
    }

    private static void Check(HttpResponseMessage answer, string what, string policy = BrowserHeaders.DataPolicy)
    {
        string Value(string name) => answer.Headers.TryGetValues(name, out var values) ? string.Join('|', values) : "";

        Value("X-Content-Type-Options").Should().Be("nosniff", what);
        Value("X-Frame-Options").Should().Be("DENY", what);
        Value("Referrer-Policy").Should().Be("no-referrer", what);
        Value("Cross-Origin-Resource-Policy").Should().Be("same-origin", what);
        Value("Content-Security-Policy").Should().Be(policy, what);
        answer.Headers.Contains("Set-Cookie").Should().BeFalse(what);
    }

    [GeneratedRegex("<style|<script(?![^>]* src=)| style=| on[a-z]+=|javascript:", RegexOptions.IgnoreCase | RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 10_000)]
    private static partial Regex InlineCode();

    [GeneratedRegex("""createElement\("style",null,"(?<css>[^"]*)"\)""", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 10_000)]
    private static partial Regex MadeStyle();
}
