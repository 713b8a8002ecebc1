using System.Net;
using System.Net.Http.Json;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using FluentAssertions;
using Microsoft.AspNetCore.SignalR.Client;
using Relay.Client;
using Relay.Client.Connections;
using Relay.Contracts;
using Relay.Tests.TestKit;
using Xunit;

namespace Relay.Tests.Security;

/// <summary>No token reaches a log, whatever the level, and none reaches the disk.</summary>
public sealed class LogSecrecyTests : IDisposable
{
    private const string AdminKey = "q7+Admin/Key0fTheTestsThat1sNever1nALog+9xZ=";
    private const string WrongKey = "q7+Admin/Key0fTheTestsThat1sNever1nALog+9xY=";

    /// <summary>A key that looks like none: no pattern finds it, so what would quote it must not be logged at all.</summary>
    private const string PlainKey = "correct.horse.battery.staple.is.a.poor.key";

    private static readonly string[] Loud =
    [
        .. new[]
        {
            "Default", "Override:Relay", "Override:Microsoft", "Override:System", "Override:Microsoft.Hosting.Lifetime", "Override:Microsoft.AspNetCore.Server.Kestrel",
            "Override:Microsoft.AspNetCore.SignalR.Internal.DefaultHubDispatcher", "Override:Microsoft.Extensions.Hosting.Internal.Host",
        }.SelectMany(part => new[] { $"--Serilog:MinimumLevel:{part}", "Verbose" }),
    ];

    private readonly TempFolder _folder = new();
    private readonly List<string> _secrets = [AdminKey, WrongKey, PlainKey, Convert.ToBase64String(Encoding.ASCII.GetBytes(AdminKey))];

    [Fact]
    public async Task With_every_level_opened_the_log_has_no_token_of_any_transport_and_neither_has_the_disk()
    {
        await File.WriteAllLinesAsync(_folder["keys"], [AdminKey, PlainKey]);
        await using var relay = await RelayServerProcess.StartAsync(port: null, ["--admin-keys-file", _folder["keys"], .. Loud]);
        using var creation = await relay.Api.SendAsync(Bearer(HttpMethod.Put, RelayApi.SessionPath("secret"), AdminKey));
        var created = await creation.Content.ReadFromJsonAsync<JsonElement>();
        var (write, read) = (created.GetProperty("write_token").GetString()!, created.GetProperty("read_token").GetString()!);
        _secrets.AddRange([write, read]);

        await OverHttp(relay.Api, write, read);
        await OverWebSockets(relay.Api, write, read);
        await OverTheHub(relay, read);
        await Malformed(relay, read);

        await relay.Api.Http.GetStringAsync("/health?the=end");
        await Eventually.True(() => relay.Said.Split('\n').Any(line => line.Contains("?the=end", StringComparison.Ordinal) && line.Contains("Request finished", StringComparison.Ordinal)), "the last request is logged");
        var log = relay.Said;
        log.Should().Contain("Request starting").And.Contain("access_token=***").And.Contain("ticket=***").And.Contain("bad request data").And.Contain("\"Level\":\"Verbose\"");
        log.Should().Contain("Microsoft.AspNetCore.SignalR.Internal.DefaultHubDispatcher").And.Contain("Microsoft.AspNetCore.Http.Connections");
        var lines = log.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        foreach (var line in lines)
        {
            var parse = () => JsonDocument.Parse(line);
            parse.Should().NotThrow("a masked line stays JSON");
        }

        await relay.Terminate();
        var files = Directory.EnumerateFiles(relay.DataFolder, "*", SearchOption.AllDirectories).Select(path => Encoding.Latin1.GetString(File.ReadAllBytes(path))).ToList();
        files.Should().Contain(text => text.Contains(Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(write)))), "this is where tokens are kept");
        foreach (var secret in _secrets)
        {
            lines.Should().NotContain(line => line.Contains(secret) || line.Contains(Uri.EscapeDataString(secret)), secret);
            files.Should().NotContain(text => text.Contains(secret));
        }
    }

    [Fact]
    public async Task No_further_way_out_of_the_log_can_be_set_up_past_the_mask()
    {
        await using var relay = await ChildProcess.Run(DotNet.Server("--data", _folder["data"], "--Serilog:WriteTo:0:Name", "Console"));

        relay.ExitCode.Should().Be(2);
        relay.StderrText.Should().Contain("Serilog:WriteTo is not taken").And.Contain("stdout");
    }

    public void Dispose() => _folder.Dispose();

    private async Task OverHttp(RelayApi relay, string write, string read)
    {
        await Expect(HttpStatusCode.OK, Bearer(HttpMethod.Put, RelayApi.WritePath("secret"), write), "text"u8.ToArray());
        await Expect(HttpStatusCode.OK, Bearer(HttpMethod.Get, RelayApi.ReadPath("secret"), read));
        await Expect(HttpStatusCode.OK, new(HttpMethod.Get, $"{RelayApi.ReadPath("secret")}?ticket={await Ticket(relay, read)}&from=1"));
        await Expect(HttpStatusCode.Unauthorized, new(HttpMethod.Get, $"{RelayApi.ReadPath("secret")}?from=1&access_token={read}"));
        await Expect(HttpStatusCode.Unauthorized, new(HttpMethod.Get, $"{RelayApi.ReadPath("secret")}?access_token={Uri.EscapeDataString(AdminKey)}"));
        await Expect(HttpStatusCode.Unauthorized, new(HttpMethod.Get, $"{RelayApi.ReadPath("secret")}?token%3D{read}"));
        await Expect(HttpStatusCode.Unauthorized, new(HttpMethod.Get, $"/logging_session?key={AdminKey}"));
        await Expect(HttpStatusCode.Unauthorized, new(HttpMethod.Get, $"/logs/{read}/read/stdout?it={read}"));
        await Expect(HttpStatusCode.NotFound, Bearer(HttpMethod.Get, $"/{read}?{write}", AdminKey));
        await Expect(HttpStatusCode.OK, Bearer(HttpMethod.Get, "/logging_session", PlainKey));
        await Expect(HttpStatusCode.Unauthorized, new(HttpMethod.Get, $"/logging_session?key={PlainKey}"));
        await Expect(HttpStatusCode.Unauthorized, Bearer(HttpMethod.Get, "/logging_session", WrongKey));
        await Expect(HttpStatusCode.Unauthorized, Bearer(HttpMethod.Get, "/logging_session", WrongKey).With("X-Request-ID", WrongKey));
        await Expect(HttpStatusCode.Unauthorized, new HttpRequestMessage(HttpMethod.Get, "/logging_session").With("Authorization", $"Basic {_secrets[2]}"));
        await Expect(HttpStatusCode.Forbidden, Bearer(HttpMethod.Post, "/tickets", read).WithOrigin(PageRequest.Evil));

        async Task Expect(HttpStatusCode status, HttpRequestMessage request, byte[]? body = null)
        {
            request.Content = body is null ? null : new ByteArrayContent(body);
            var what = $"{request.Method} {request.RequestUri}";
            using var answer = await relay.SendAsync(request);
            answer.StatusCode.Should().Be(status, what);
        }
    }

    private async Task OverWebSockets(RelayApi relay, string write, string read)
    {
        foreach (var request in new[]
        {
            PageRequest.Handshake(RelayApi.ReadPath("secret")).With("Authorization", $"Bearer {read}"),
            PageRequest.Handshake(RelayApi.WritePath("secret", "stderr")).With("Authorization", $"Bearer {write}"),
            PageRequest.Handshake($"{RelayApi.ReadPath("secret")}?ticket={await Ticket(relay, read)}"),
        })
        {
            using var answer = await relay.SendAsync(request);
            answer.StatusCode.Should().Be(HttpStatusCode.SwitchingProtocols);
        }

        using var refused = await relay.SendAsync(PageRequest.Handshake($"{RelayApi.WritePath("secret")}?access_token={write}"));
        refused.StatusCode.Should().Be(HttpStatusCode.Unauthorized);
    }

    private async Task OverTheHub(RelayServerProcess relay, string read)
    {
        await using var reader = await new HubDialer(new RelayClientOptions { Url = relay.BaseAddress, Token = read }).DialAsync(CancellationToken.None);
        (await reader.Connection.StreamAsync<LogBatch>(HubRoutes.Read, new ReadRequest { Session = "secret", Follow = false }).CountAsync()).Should().BePositive();
        using var negotiation = await relay.Api.SendAsync(Bearer(HttpMethod.Post, $"{HubRoutes.Logs}/negotiate?negotiateVersion=1", read));
        negotiation.StatusCode.Should().Be(HttpStatusCode.OK);

        await using var hub = await JsonHub.Connect(relay.Api, $"?access_token={await Ticket(relay.Api, AdminKey)}");
        foreach (var (method, argument) in new (string, object)[]
        {
            (HubRoutes.Read, new { session = "secret", start = 1, cursor = read }),
            (HubRoutes.Read, new { session = read }),
            (HubRoutes.Read, new { session = AdminKey, start = 1, cursor = WrongKey }),
            (HubRoutes.Read, read),
            (HubRoutes.Read, AdminKey),
            (HubRoutes.Read, PlainKey),
            (HubRoutes.Read, new { session = "secret", start = 1, cursor = PlainKey }),
            (AdminKey, "x"),
            (read, read),
        })
        {
            var call = await hub.Stream(method, argument);
            var outcome = async () => await call.Next();
            await outcome.Should().ThrowAsync<Exception>("none of these can be answered");
        }
    }

    /// <summary>Kestrel quotes what it cannot read.</summary>
    private static async Task Malformed(RelayServerProcess relay, string token)
    {
        foreach (var request in new[]
        {
            $"GET /logging_session?access_token={token} HTTP/9.9\r\n\r\n",
            $"GET /logging_session?ticket={AdminKey} FTP\r\n\r\n",
            $"{AdminKey}\r\n\r\n",
            $"{PlainKey}\r\n\r\n",
            $"GET / HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer\r\n {PlainKey}\r\n\r\n",
            $"GET /{token} with blanks HTTP/1.1\r\n\r\n",
            $"GET / HTTP/1.1\r\nHost: x\r\nAuthorization Bearer {token}\r\n\r\n",
            $"GET / HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer\r\n {AdminKey}\r\n\r\n",
            $"GET / HTTP/1.1\r\nHost: x\r\n{token}\r\n\r\n",
            $"GET / HTTP/1.1\r\nHost: {AdminKey}\r\n\r\n",
        })
        {
            using var peer = await RawTcp.Connect(relay.BaseAddress);
            await peer.Send(request);
            (await peer.ReadHead()).Should().MatchRegex("^HTTP/1.1 (400|505)", request);
        }
    }

    private async Task<string> Ticket(RelayApi relay, string token)
    {
        using var answer = await relay.SendAsync(Bearer(HttpMethod.Post, "/tickets", token));
        var ticket = (await answer.Content.ReadFromJsonAsync<TicketAnswer>())!.Ticket;
        _secrets.Add(ticket);
        return ticket;
    }

    private static HttpRequestMessage Bearer(HttpMethod method, string path, string token) => new HttpRequestMessage(method, path).With("Authorization", $"Bearer {token}");
}
