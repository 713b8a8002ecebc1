using System.Net;
using System.Net.Sockets;
using System.Text;
using FluentAssertions;
using Relay.Tests.TestKit;
using Xunit;

namespace Relay.Tests.Security;

/// <summary>Heads and documents of requests have limits; logs have none.</summary>
public sealed class RequestSizeTests
{
    [Theory]
    [InlineData(7_000, "200")]
    [InlineData(9_000, "431")]
    public async Task Headers_beyond_the_limit_are_refused(int bytes, string status)
    {
        await using var relay = await StartAsync();
        using var peer = await RawTcp.Connect(relay.BaseAddress);
        await peer.Send($"GET /health HTTP/1.1\r\nHost: localhost\r\nX-Long: {new string('x', bytes)}\r\n\r\n");
        (await peer.ReadHead()).Should().StartWith($"HTTP/1.1 {status}");
    }

    [Fact]
    public async Task A_request_line_beyond_8_KiB_is_refused()
    {
        await using var relay = await StartAsync();
        using var peer = await RawTcp.Connect(relay.BaseAddress);
        await peer.Send($"GET /{new string('x', 9000)} HTTP/1.1\r\nHost: localhost\r\n\r\n");
        (await peer.ReadHead()).Should().StartWith("HTTP/1.1 414");
    }

    [Fact]
    public async Task A_head_that_takes_too_long_ends_the_connection()
    {
        await using var relay = await StartAsync();
        using var peer = await RawTcp.Connect(relay.BaseAddress);
        await peer.Send("GET /health HTTP/1.1\r\nHost: localhost\r\nX-Slow: ");
        (await peer.ReadHead()).Should().StartWith("HTTP/1.1 408");
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_document_beyond_the_limit_is_refused_with_the_limit(bool isLengthTold)
    {
        await using var relay = await StartAsync();
        var json = Encoding.ASCII.GetBytes($"{{\"session_id\": \"s\", \"labels\": {{\"a\": \"{new string('x', 6000)}\"}}}}");
        using var body = new StreamContent(new MemoryStream(json));
        body.Headers.ContentType = new("application/json");
        body.Headers.ContentLength = isLengthTold ? json.Length : null;
        using var request = new HttpRequestMessage(HttpMethod.Post, "/logging_session") { Content = body };
        request.Headers.TransferEncodingChunked = !isLengthTold;

        using var answer = await Eventually.Done(relay.Http.SendAsync(request), "the document is refused");

        (await Problem.Of(answer, HttpStatusCode.RequestEntityTooLarge, "record_too_large")).Detail.Should().Contain("4096").And.Contain("Limits:MaxDocumentBytes");
    }

    [Fact]
    public async Task A_log_is_no_document()
    {
        await using var relay = await StartAsync();
        var session = await relay.Api.CreateSession();
        await relay.Api.Append(session, new byte[1_000_000]);
        (await relay.Api.ReadAll(session)).Should().HaveCount(1_000_000);
    }

    [Fact]
    public async Task HTTP_2_is_not_spoken()
    {
        await using var relay = await StartAsync();
        using var peer = await RawTcp.Connect(relay.BaseAddress);
        await peer.Send("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
        var answer = "";
        try
        {
            answer = await peer.ReadHead();
            await peer.WaitForEnd();
        }
        catch (Exception e) when (e is IOException or SocketException)
        {
            // A reset is an end.
        }

        answer.Should().NotContain("200");
    }

    private static Task<RelayHost> StartAsync() => RelayHost.StartAsync(options =>
    {
        options.Settings["Limits:MaxHeaderBytes"] = "8192";
        options.Settings["Limits:HeaderTimeout"] = "00:00:01";
        options.Settings["Limits:MaxDocumentBytes"] = "4096";
    });
}
