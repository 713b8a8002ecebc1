using System.Net;
using FluentAssertions;
using Relay.Contracts;
using Relay.Tests.TestKit;
using Xunit;

namespace Relay.Tests.Security;

/// <summary>Connections and WebSockets beyond their limits are turned away, and a place that is free again can be taken.</summary>
public sealed class ConnectionLimitsTests
{
    private const string Health = "GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n";

    [Theory]
    [InlineData("Limits:MaxConnectionsPerAddress")]
    [InlineData("Limits:MaxConnections")]
    public async Task Connections_beyond_the_limit_are_closed_at_once(string limit)
    {
        await using var relay = await StartAsync((limit, "3"));
        List<RawTcp> served = [];
        for (var i = 0; i < 3; i++)
        {
            served.Add(await Served(relay));
        }

        for (var i = 0; i < 5; i++)
        {
            using var refused = await RawTcp.Connect(relay.BaseAddress);
            await refused.WaitForEnd();
        }

        served[0].Dispose();
        RawTcp? next = null;
        await Eventually.True(
            async () =>
            {
                next = await Served(relay);
                return true;
            },
            "a place that is free again can be taken");
        served.Append(next!).ToList().ForEach(peer => peer.Dispose());
    }

    [Fact]
    public async Task A_known_proxy_may_have_more_than_one_address()
    {
        await using var relay = await StartAsync(("Limits:MaxConnectionsPerAddress", "1"), ("known-proxies", "127.0.0.1"));
        using var first = await Served(relay);
        using var second = await Served(relay);
    }

    [Theory]
    [InlineData("Upgrade: websocket, foo")]
    [InlineData("Upgrade: foo\r\nUpgrade: websocket")]
    [InlineData("Upgrade: WebSocket,")]
    public async Task However_a_WebSocket_is_asked_for_it_counts(string upgrade)
    {
        await using var relay = await StartAsync(("Limits:MaxWebSockets", "1"));
        var session = await relay.Api.CreateSession();
        await using var only = await relay.Api.Reader(session);
        using var peer = await RawTcp.Connect(relay.BaseAddress);
        await peer.Send($"GET {RelayApi.ReadPath(session)} HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\n{upgrade}\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: c2l4dGVlbiBieXRlcyBvaw==\r\n\r\n");

        (await peer.ReadHead()).Should().StartWith("HTTP/1.1 503");
    }

    [Theory]
    [InlineData("Limits:MaxWebSockets")]
    [InlineData("Limits:MaxWebSocketsPerAddress")]
    public async Task WebSockets_beyond_the_limit_are_refused_with_503_and_can_come_again(string limit)
    {
        await using var relay = await StartAsync((limit, "3"));
        var session = await relay.Api.CreateSession();
        var reader = await relay.Api.Reader(session);
        await using var writer = await relay.Api.Writer(session);
        await using var hub = await HubPeer.ConnectAsync(relay);

        foreach (var path in new[] { RelayApi.ReadPath(session), RelayApi.WritePath(session, "stderr"), HubRoutes.Logs })
        {
            using var refused = await relay.Api.Handshake(path);
            (await Problem.Of(refused, HttpStatusCode.ServiceUnavailable, "limit_reached")).Detail.Should().Contain(limit);
            refused.Headers.RetryAfter!.Delta.Should().Be(TimeSpan.FromSeconds(1));
        }

        (await relay.Api.ReadAll(session)).Should().BeEmpty("what is no WebSocket goes on");
        await reader.Close();
        await reader.DisposeAsync();
        await Eventually.True(async () => await RawSocket.Try(relay.Api.WebSocketUrl(RelayApi.ReadPath(session))) == HttpStatusCode.SwitchingProtocols, "its place is free");
    }

    [Fact]
    public async Task Many_handshakes_at_once_get_as_many_sockets_as_there_may_be_and_no_500()
    {
        await using var relay = await StartAsync(("Limits:MaxWebSockets", "10"));
        var session = await relay.Api.CreateSession();

        var answers = await Task.WhenAll(Enumerable.Range(0, 60).Select(_ => relay.Api.Handshake(RelayApi.ReadPath(session))));

        answers.Select(answer => answer.StatusCode).Should().OnlyContain(status => status == HttpStatusCode.SwitchingProtocols || status == HttpStatusCode.ServiceUnavailable);
        answers.Count(answer => answer.StatusCode == HttpStatusCode.SwitchingProtocols).Should().Be(10);
        Array.ForEach(answers, answer => answer.Dispose());
    }

    [Fact]
    public async Task A_handshake_that_is_refused_for_another_reason_takes_no_place()
    {
        await using var relay = await StartAsync(("Limits:MaxWebSockets", "1"));
        for (var i = 0; i < 5; i++)
        {
            using var refused = await relay.Api.Handshake(RelayApi.ReadPath("no-such-session"));
            refused.StatusCode.Should().Be(HttpStatusCode.NotFound);
        }

        await using var reader = await relay.Api.Reader(await relay.Api.CreateSession());
    }

    private static async Task<RawTcp> Served(RelayHost relay)
    {
        var peer = await RawTcp.Connect(relay.BaseAddress);
        try
        {
            await peer.Send(Health);
            (await peer.ReadHead()).Should().StartWith("HTTP/1.1 200");
            return peer;
        }
        catch
        {
            peer.Dispose();
            throw;
        }
    }

    private static Task<RelayHost> StartAsync(params (string Key, string Value)[] settings) => RelayHost.StartAsync(options =>
    {
        foreach (var (key, value) in settings)
        {
            options.Settings[key] = value;
        }
    });
}
