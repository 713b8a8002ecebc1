using System.Net;
using System.Net.Http.Json;
using FluentAssertions;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Relay.Contracts;
using Relay.Tests.TestKit;
using Xunit;

namespace Relay.Tests.Security;

/// <summary>Who needs no token.</summary>
public sealed class AnonymousAccessTests
{
    private const string PeerHeader = "Test-Peer";

    [Theory]
    // From this machine, by a name of this machine.
    [InlineData("127.0.0.1", "127.0.0.1:8160", "", true)]
    [InlineData("127.0.0.1", "localhost", "", true)]
    [InlineData("127.0.0.1", "LOCALHOST:80", "", true)]
    [InlineData("127.9.9.9", "relay.localhost", "", true)]
    [InlineData("::1", "[::1]:8160", "", true)]
    [InlineData("::ffff:127.0.0.1", "localhost", "", true)]
    // By a name that may be a stranger's.
    [InlineData("127.0.0.1", "evil.example", "", false)]
    [InlineData("127.0.0.1", "localhost.evil.example", "", false)]
    [InlineData("127.0.0.1", "127.0.0.1.evil.example", "", false)]
    [InlineData("127.0.0.1", "evil", "", false)]
    [InlineData("127.0.0.1", "10.0.0.1", "", false)]
    // From elsewhere, whatever it says.
    [InlineData("10.1.2.3", "localhost", "", false)]
    [InlineData("2001:db8::1", "localhost", "", false)]
    // Forwarded.
    [InlineData("127.0.0.1", "localhost", "X-Forwarded-For: 127.0.0.1", false)]
    [InlineData("127.0.0.1", "localhost", "X-Forwarded-Host: localhost", false)]
    [InlineData("127.0.0.1", "localhost", "X-Forwarded-Proto: https", false)]
    [InlineData("127.0.0.1", "localhost", "Forwarded: for=127.0.0.1", false)]
    [InlineData("127.0.0.1", "localhost", "X-Real-IP: 127.0.0.1", false)]
    [InlineData("127.0.0.1", "localhost", "Via: 1.1 proxy", false)]
    [InlineData("127.0.0.1", "localhost", "X-Forwarded-Port: 443", false)]
    [InlineData("127.0.0.1", "localhost", "x-forwarded-anything: 1", false)]
    [InlineData("127.0.0.1", "localhost", "CF-Connecting-IP: 127.0.0.1", false)]
    [InlineData("::ffff:127.0.0.2", "evil.example", "", false)]
    public Task Without_a_key_it_is_this_machine_by_a_local_name(string peer, string host, string header, bool isLetIn) => Check([], peer, host, header, isLetIn);

    [Theory]
    [InlineData("10.1.2.3", "10.0.0.1:8160", "", true)]
    [InlineData("10.1.2.3", "[2001:db8::1]:8160", "", true)]
    [InlineData("10.1.2.3", "localhost:8160", "", true)]
    [InlineData("10.1.2.3", "relay.corp.example", "", true)]
    [InlineData("10.1.2.3", "RELAY.corp.example:8160", "", true)]
    [InlineData("10.1.2.3", "evil.example", "", false)]
    [InlineData("10.1.2.3", "10.0.0.1.evil.example", "", false)]
    [InlineData("::ffff:10.1.2.3", "relay", "", true)]
    [InlineData("192.168.1.7", "relay", "", true)]
    [InlineData("192.168.1.8", "relay", "", false)]
    [InlineData("127.0.0.1", "localhost", "", false)]
    [InlineData("10.1.2.3", "relay", "X-Forwarded-For: 10.1.2.4", false)]
    public Task Networks_that_are_named_are_let_in(string peer, string host, string header, bool isLetIn) =>
        Check([("anonymous-networks", "10.0.0.0/8, 192.168.1.7"), ("host-names", "relay.corp.example")], peer, host, header, isLetIn);

    [Theory]
    [InlineData("10.9.9.9", "X-Forwarded-For: 10.1.2.3", true)]
    [InlineData("10.9.9.9", "X-Forwarded-For: 172.16.0.1", false)]
    [InlineData("10.9.9.9", "", false)]
    [InlineData("10.9.9.9", "X-Original-For: 10.1.2.3", false)]
    [InlineData("10.9.9.9", "X-Forwarded-For: 10.1.2.3, 172.16.0.1", false)]
    [InlineData("10.9.9.9", "X-Forwarded-For: 10.5.5.5, 10.1.2.3", false)]
    [InlineData("10.9.9.9", "X-Forwarded-For: nonsense", false)]
    [InlineData("10.1.2.3", "X-Forwarded-For: 10.1.2.4", false)]
    [InlineData("10.9.9.9", "X-Forwarded-For: 127.0.0.1", false)]
    public Task A_known_proxy_speaks_for_its_clients_and_for_nobody_else(string peer, string header, bool isLetIn) =>
        Check([("anonymous-networks", "10.0.0.0/8,loopback"), ("known-proxies", "10.9.9.9")], peer, "relay", header, isLetIn);

    [Fact]
    public async Task With_a_key_nobody_is_let_in_without_a_token_unless_a_network_is_named()
    {
        await Check([("Security:AdminKeys", LockedRelay.AdminKey)], "127.0.0.1", "localhost", "", isLetIn: false);
        await Check([("Security:AdminKeys", LockedRelay.AdminKey), ("anonymous-networks", "loopback")], "127.0.0.1", "localhost", "", isLetIn: true);
    }

    [Fact]
    public Task Nobody_is_let_in_where_none_is_named() => Check([("anonymous-networks", "none")], "127.0.0.1", "localhost", "", isLetIn: false);

    [Fact]
    public Task Auth_none_lets_in_everybody() => Check([("auth", "none")], "203.0.113.9", "evil.example", "X-Forwarded-For: 198.51.100.1", isLetIn: true);

    [Fact]
    public async Task Auth_none_is_said_at_the_start_and_by_health()
    {
        await using var relay = await RelayServerProcess.StartAsync(settings: ["--auth", "none"]);

        (await relay.Api.Http.GetStringAsync("/health")).Should().Contain("\"access\":\"open: whoever reaches the relay");
        relay.Describe().Should().Contain("This relay is open");
    }

    [Fact]
    public async Task Who_is_refused_is_told_what_would_be_right()
    {
        await using var relay = await Start([]);
        using var remote = await Ask(relay, "10.1.2.3", "relay", "");
        (await Problem.Of(remote, HttpStatusCode.Unauthorized, "unauthorized")).Detail.Should()
            .Contain("its own machine or the networks that it was told; this request comes from 10.1.2.3").And.Contain("Authorization: Bearer").And.Contain("--anonymous-networks");
        using var rebound = await Ask(relay, "127.0.0.1", "evil.example", "");
        (await Problem.Of(rebound, HttpStatusCode.Unauthorized, "unauthorized")).Detail.Should().Contain("calls the relay 'evil.example'. Call it localhost");
        using var forwarded = await Ask(relay, "127.0.0.1", "localhost", "X-Forwarded-For: 10.1.2.3");
        (await Problem.Of(forwarded, HttpStatusCode.Unauthorized, "unauthorized")).Detail.Should().Contain("--known-proxies");
    }

    [Fact]
    public async Task A_wrong_token_is_not_taken_for_none()
    {
        await using var relay = await Start([]);
        using var answer = await relay.Http.SendAsync(new Credentials("nonsense").Sign(HttpMethod.Get, "/logging_session"));

        answer.StatusCode.Should().Be(HttpStatusCode.Unauthorized);
    }

    [Fact]
    public async Task Who_needs_no_token_may_use_one_and_has_its_rights_alone()
    {
        await using var relay = await Start([]);
        using var client = new Relay.Client.RelayClient(relay.BaseAddress);
        var tokens = (await client.CreateSessionAsync("s"))!;
        using var reader = new Relay.Client.RelayClient(new Relay.Client.RelayClientOptions { Url = relay.BaseAddress, Token = tokens.Read });

        (await reader.GetSessionAsync("s")).Should().NotBeNull();
        (await reader.Awaiting(it => it.DeleteSessionAsync("s")).Should().ThrowAsync<RelayException>()).Which.Code.Should().Be(RelayErrorCode.Forbidden);
    }

    [Fact]
    public async Task Who_speaks_HTTP_1_0_is_taken_for_a_proxy_that_does_not_say_so()
    {
        await using var relay = await Start([]);
        using var peer = await RawTcp.Connect(relay.BaseAddress);
        await peer.Send("GET /logging_session HTTP/1.0\r\nHost: localhost\r\n\r\n");

        (await peer.ReadHead()).Should().StartWith("HTTP/1.1 401");
    }

    [Fact]
    public async Task A_ticket_of_a_place_that_needs_no_token_is_worth_nothing_elsewhere()
    {
        await using var relay = await Start([]);
        using var asked = await relay.Http.PostAsync("/tickets", null);
        var ticket = (await asked.Content.ReadFromJsonAsync<TicketAnswer>())!.Ticket;
        using var elsewhere = await Ask(relay, "10.1.2.3", "localhost", "", $"?ticket={ticket}");

        elsewhere.StatusCode.Should().Be(HttpStatusCode.Unauthorized);
    }

    [Fact]
    public async Task A_network_of_everybody_is_said_to_be_open()
    {
        await using var relay = await RelayServerProcess.StartAsync(settings: ["--anonymous-networks", "0.0.0.0/0"]);

        (await relay.Api.Http.GetStringAsync("/health")).Should().Contain("\"access\":\"open: whoever reaches the relay");
    }

    private static async Task Check((string Option, string Value)[] settings, string peer, string host, string header, bool isLetIn)
    {
        await using var relay = await Start(settings);
        using var answer = await Ask(relay, peer, host, header);

        answer.StatusCode.Should().Be(isLetIn ? HttpStatusCode.OK : HttpStatusCode.Unauthorized, await answer.Content.ReadAsStringAsync());
    }

    private static Task<RelayHost> Start((string Option, string Value)[] settings) => RelayHost.StartAsync(options =>
    {
        foreach (var (option, value) in settings)
        {
            options.Settings[option] = value;
        }

        options.Customize = builder => builder.Services.AddSingleton<IStartupFilter>(new FakePeer());
    });

    private static async Task<HttpResponseMessage> Ask(RelayHost relay, string peer, string host, string header, string query = "")
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, $"/logging_session{query}");
        request.Headers.Host = host;
        request.Headers.Add(PeerHeader, peer);
        if (header.Length > 0)
        {
            request.Headers.TryAddWithoutValidation(header[..header.IndexOf(':')], header[(header.IndexOf(':') + 2)..]);
        }

        return await relay.Http.SendAsync(request);
    }

    /// <summary>All peers of a test are on this machine; this lets them come from elsewhere.</summary>
    private sealed class FakePeer : IStartupFilter
    {
        public Action<IApplicationBuilder> Configure(Action<IApplicationBuilder> next) => app =>
        {
            app.Use((context, rest) =>
            {
                if (IPAddress.TryParse(context.Request.Headers[PeerHeader], out var peer))
                {
                    context.Connection.RemoteIpAddress = peer;
                }

                return rest(context);
            });
            next(app);
        };
    }
}
