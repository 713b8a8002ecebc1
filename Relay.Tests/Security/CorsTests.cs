using System.Net;
using FluentAssertions;
using Relay.Tests.TestKit;
using Xunit;

namespace Relay.Tests.Security;

/// <summary>What a page of an allowed origin may send and see, and any other not.</summary>
public sealed class CorsTests(RelayWithOrigins relay) : IClassFixture<RelayWithOrigins>
{
    private const string AllowOrigin = "Access-Control-Allow-Origin";

    private RelayApi Api => relay.Api;

    [Theory]
    [InlineData("GET", "Range")]
    [InlineData("POST", "Content-Type, Authorization")]
    [InlineData("POST", "X-Requested-With, X-SignalR-User-Agent")]
    [InlineData("PUT", "Authorization, X-Request-ID")]
    [InlineData("DELETE", "Authorization")]
    public async Task A_page_of_an_allowed_origin_may_send_what_the_API_takes(string method, string headers)
    {
        using var answer = await Preflight(PageRequest.Allowed, method, headers);

        answer.StatusCode.Should().Be(HttpStatusCode.NoContent);
        Header(answer, AllowOrigin).Should().Be(PageRequest.Allowed);
        Header(answer, "Access-Control-Allow-Methods").Split(',').Should().Contain(method);
        Header(answer, "Access-Control-Allow-Headers").Split(',').Should().Contain(headers.Split(", "));
        Header(answer, "Access-Control-Max-Age").Should().Be("600");
        answer.Headers.Contains("Access-Control-Allow-Credentials").Should().BeFalse("there are no cookies");
        answer.Headers.Vary.Should().Equal("Origin");
    }

    [Theory]
    [InlineData(PageRequest.Evil)]
    [InlineData("null")]
    [InlineData("http://dash.example:3001")]
    public async Task A_page_of_any_other_origin_is_promised_nothing(string origin)
    {
        using var preflight = await Preflight(origin, "PUT", "Authorization");
        using var read = await Api.SendAsync(new HttpRequestMessage(HttpMethod.Get, "/health").WithOrigin(origin));

        foreach (var answer in new[] { preflight, read })
        {
            answer.Headers.Select(header => header.Key).Should().NotContain(name => name.StartsWith("Access-Control", StringComparison.Ordinal));
            answer.Headers.Vary.Should().Equal("Origin");
        }
    }

    [Fact]
    public async Task A_page_sees_the_headers_that_mean_something()
    {
        using var answer = await Api.SendAsync(new HttpRequestMessage(HttpMethod.Head, RelayApi.WritePath(await relay.Session())).WithOrigin(PageRequest.Allowed));

        Header(answer, AllowOrigin).Should().Be(PageRequest.Allowed);
        Header(answer, "Access-Control-Expose-Headers").Split(',').Should().BeEquivalentTo(
            "Relay-Next-Offset", "X-Request-ID", "Content-Range", "Accept-Ranges", "Retry-After", "WWW-Authenticate");
    }

    [Theory]
    [InlineData("GET", "/nowhere", HttpStatusCode.NotFound)]
    [InlineData("GET", "/logging_session/none", HttpStatusCode.NotFound)]
    [InlineData("PUT", "/health", HttpStatusCode.MethodNotAllowed)]
    [InlineData("GET", "/logs/none/read/stdlog", HttpStatusCode.BadRequest)]
    [InlineData("POST", "/logging_session", HttpStatusCode.UnsupportedMediaType)]
    [InlineData("GET", "/hubs/logs?id=none", HttpStatusCode.NotFound)]
    public async Task A_page_can_read_why_it_was_refused(string method, string path, HttpStatusCode status)
    {
        using var answer = await Api.SendAsync(new HttpRequestMessage(new HttpMethod(method), path).WithOrigin(PageRequest.Allowed));

        answer.StatusCode.Should().Be(status);
        Header(answer, AllowOrigin).Should().Be(PageRequest.Allowed);
    }

    [Fact]
    public async Task A_page_can_read_what_token_it_lacks()
    {
        await using var closed = await RelayHost.StartAsync(options => (options.Settings["allowed-origins"], options.Settings["anonymous-networks"]) = (PageRequest.Allowed, "none"));
        using var answer = await closed.Api.SendAsync(new HttpRequestMessage(HttpMethod.Get, "/logging_session").WithOrigin(PageRequest.Allowed));

        await Problem.Of(answer, HttpStatusCode.Unauthorized, "unauthorized");
        Header(answer, AllowOrigin).Should().Be(PageRequest.Allowed);
        Header(answer, "Access-Control-Expose-Headers").Should().Contain("WWW-Authenticate");
    }

    [Fact]
    public async Task A_cache_is_told_that_answers_differ_by_origin_also_when_there_is_none()
    {
        using var answer = await Api.SendAsync(new HttpRequestMessage(HttpMethod.Get, "/health"));

        answer.Headers.Vary.Should().Equal("Origin");
    }

    [Fact]
    public async Task Without_allowed_origins_there_is_no_CORS()
    {
        await using var alone = await RelayHost.StartAsync();
        using var answer = await alone.Api.SendAsync(new HttpRequestMessage(HttpMethod.Get, "/health").WithOrigin(PageRequest.Allowed));

        answer.Headers.Contains(AllowOrigin).Should().BeFalse();
    }

    private async Task<HttpResponseMessage> Preflight(string origin, string method, string headers) => await Api.SendAsync(
        new HttpRequestMessage(HttpMethod.Options, RelayApi.SessionPath("x"))
            .WithOrigin(origin)
            .With("Access-Control-Request-Method", method)
            .With("Access-Control-Request-Headers", headers));

    private static string Header(HttpResponseMessage answer, string name) => answer.Headers.GetValues(name).Should().ContainSingle(name).Which;
}
