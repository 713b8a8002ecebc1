using System.Net;
using System.Net.Security;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Text.Json;
using FluentAssertions;
using Relay.Client;
using Relay.Contracts;
using Relay.Tests.Cli;
using Relay.Tests.TestKit;
using Xunit;

namespace Relay.Tests.Security;

/// <summary>Whatever reaches a relay does so over TLS, with whatever client; and nothing reaches it without.</summary>
public sealed class TlsTransportsTests(TlsTransportsTests.Server server) : IClassFixture<TlsTransportsTests.Server>
{
    private RelayApi Api => server.Relay.Api;

    [Fact]
    public async Task A_raw_WebSocket_writes_and_reads()
    {
        var session = await Api.CreateSession();
        await using var reader = await Api.Reader(session);
        await using (var writer = await Api.Writer(session))
        {
            await writer.Send("over TLS");
            (await reader.Receive())!.Text.Should().Be("over TLS");
            await writer.Close();
        }
    }

    [Fact]
    public async Task The_library_writes_reads_and_asks()
    {
        using var client = new RelayClient(new RelayClientOptions { Url = Api.BaseAddress, CertificateAuthorities = server.Authority.Trusted });
        var session = RelayApi.NewId();
        await using (var writer = client.OpenWriter(session))
        {
            await writer.WriteAsync(OutputType.Stdout, "from .NET"u8.ToArray());
            (await Eventually.Done(writer.CompleteAsync(4), "the log is complete")).IsVerified.Should().BeTrue();
        }

        var entries = new List<LogEntry>();
        await foreach (var entry in client.ReadAsync(session))
        {
            entries.Add(entry);
        }

        Encoding.UTF8.GetString(entries[0].Data.Span).Should().Be("from .NET");
        entries[^1].ExitCode.Should().Be(4);
        (await client.ListSessionsAsync()).Should().Contain(it => it.SessionId == session);
    }

    [Fact]
    public async Task The_tools_and_a_job_s_log_go_all_the_way()
    {
        var session = RelayApi.NewId();
        string[] at = ["--url", Api.BaseAddress.AbsoluteUri.TrimEnd('/'), "--ca", server.Authority.CaFile];
        await using var tail = ChildProcess.Start(DotNet.Cli(["tail", session, "--wait", .. at]));
        await using var run = await ChildProcess.Run(DotNet.Writer(["run", "--session", session, .. at, "--", "bash", "-c", "echo out; echo err >&2; exit 3"]));
        await tail.WaitForExit();

        run.ExitCode.Should().Be(3, run.Describe());
        run.StderrText.Should().NotContain("not").And.Contain("err\n");
        tail.ShouldHavePrinted("out\n"u8.ToArray(), "err\n"u8.ToArray(), 3, "the tail");
        await using var byEnvironment = await ChildProcess.Run(DotNet.Cli("verify", session, "--url", at[1]) with
        {
            Environment = new Dictionary<string, string?>(StringComparer.Ordinal) { ["RELAY_CA"] = server.Authority.CaFile },
        });
        byEnvironment.ExitCode.Should().Be(0, byEnvironment.Describe());
    }

    [Fact]
    public async Task Curl_trusts_the_root_alone_and_gets_the_intermediate_from_the_relay()
    {
        var session = await Api.CreateSession();
        await using var put = await Curl("-fsS", "--cacert", server.Authority.CaFile, "-T", "-", Api.Url(RelayApi.WritePath(session)));
        put.ExitCode.Should().Be(0, put.Describe());
        await using var get = await Curl("-fsS", "--cacert", server.Authority.CaFile, "-w", "%{http_version}", Api.Url(RelayApi.ReadPath(session)));
        get.StdoutText.Should().Be("1.1", "curl offers HTTP/2");
        await using var stranger = await Curl("-fsS", Api.Url("/health"));
        stranger.ExitCode.Should().Be(60, "curl does not trust it by itself: {0}", stranger.Describe());
    }

    [Fact]
    public async Task The_JavaScript_client_reads_and_writes()
    {
        var session = await Api.CreateSession();
        var lines = await NodePeer.RunAsync(
            "session-peer.mjs", [Api.BaseAddress.AbsoluteUri.TrimEnd('/'), session], [], TimeSpan.FromSeconds(60), server.Authority.CaFile);
        JsonDocument.Parse(lines.Single()).RootElement.GetProperty("late").GetArrayLength().Should().BeGreaterThan(2);
    }

    [Theory]
    [InlineData(SslProtocols.Tls12)]
    [InlineData(SslProtocols.Tls13)]
    public async Task A_client_that_offers_HTTP_2_gets_HTTP_1(SslProtocols version)
    {
        using var tcp = await RawTcp.Connect(Api.BaseAddress);
        await using var tls = new SslStream(new System.Net.Sockets.NetworkStream(tcp.Socket));
        await tls.AuthenticateAsClientAsync(new SslClientAuthenticationOptions
        {
            TargetHost = "localhost",
            EnabledSslProtocols = version,
            ApplicationProtocols = [SslApplicationProtocol.Http2, SslApplicationProtocol.Http11],
            CertificateChainPolicy = new X509ChainPolicy
            {
                TrustMode = X509ChainTrustMode.CustomRootTrust,
                CustomTrustStore = { server.Authority.Root },
                RevocationMode = X509RevocationMode.NoCheck,
            },
        });
        (tls.SslProtocol, tls.NegotiatedApplicationProtocol).Should().Be((version, SslApplicationProtocol.Http11));
    }

    [Fact]
    public async Task Without_TLS_nothing_is_answered_and_the_tools_say_what_would_be_right()
    {
        using (var plain = await RawTcp.Connect(Api.BaseAddress))
        {
            await plain.Send($"GET /health HTTP/1.1\r\nHost: {Api.BaseAddress.Authority}\r\n\r\n");
            (await plain.ReadHead()).Should().BeEmpty();
        }

        var http = new UriBuilder(Api.BaseAddress) { Scheme = "http" }.Uri;
        var sessions = await InMemoryCli.RunAsync(http, "sessions");
        sessions.Should().Match<InMemoryCli>(it => it.ExitCode == 103 && it.Error.Contains("If it listens with TLS, its address begins with https://."), sessions.Error);
        var tail = await InMemoryCli.RunAsync(http, "tail", "s");
        tail.Should().Match<InMemoryCli>(it => it.ExitCode == 103 && it.Error.Contains("If it listens with TLS, its address begins with https://."), tail.Error);
    }

    [Fact]
    public async Task The_address_that_it_listens_on_is_said_with_its_scheme_and_nothing_secret()
    {
        using var authority = new TestAuthority();
        var certificate = authority.Issue(password: "open sesame");
        using var folder = new TempFolder();
        await using var relay = ChildProcess.Start(DotNet.Server("--host", "127.0.0.1", "--port", "0", "--data", folder["data"], "--tls-cert", certificate.PfxFile) with
        {
            Environment = new Dictionary<string, string?>(StringComparer.Ordinal)
            {
                ["RELAY_TLS_PASSWORD"] = "open sesame",
                ["RELAY_SERILOG__MINIMUMLEVEL__DEFAULT"] = "Verbose",
                ["RELAY_SERILOG__MINIMUMLEVEL__OVERRIDE__MICROSOFT"] = "Verbose",
            },
        });
        await relay.Printed("Application started");
        relay.StdoutText.Should().Contain("TLS certificate \\\"CN=relay 1\\\", valid until");
        var port = relay.StdoutText.Split("\"Now listening on: \\\"https://127.0.0.1:")[1].TakeWhile(char.IsDigit);
        using var api = new RelayApi(new Uri($"https://localhost:{string.Concat(port)}"), authority);
        using var answer = await api.Send(HttpMethod.Get, "/health");
        answer.StatusCode.Should().Be(HttpStatusCode.OK);
        (relay.StdoutText + relay.StderrText).Should().NotContain("open sesame");
    }

    private static Task<ChildProcess> Curl(params string[] arguments) => ChildProcess.Run(new ChildCommand("curl", ["--noproxy", "*", "--max-time", "20", .. arguments]));

    /// <summary>A relay process with TLS.</summary>
    public sealed class Server : IAsyncLifetime
    {
        internal TestAuthority Authority { get; } = new();

        internal RelayServerProcess Relay { get; private set; } = null!;

        public async Task InitializeAsync() => Relay = await RelayServerProcess.StartAsync(Authority, Authority.Issue().Options);

        public async Task DisposeAsync()
        {
            await Relay.DisposeAsync();
            Authority.Dispose();
        }
    }
}
