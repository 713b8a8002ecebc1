using System.Net;
using System.Net.Http.Json;
using System.Net.Security;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using FluentAssertions;
using Relay.Contracts;

namespace Relay.Tests.TestKit;

/// <summary>The relay as a stranger sees it who has read <c>docs/protocol.md</c> and uses nothing but HTTP and WebSockets.</summary>
internal sealed class RelayApi(Uri baseAddress, TestAuthority? authority = null) : IDisposable
{
    private static int _sessionsMade;

    public Uri BaseAddress { get; } = baseAddress;

    /// <summary>Has no time-out of its own: streams are endless, and tests set their deadlines themselves.</summary>
    public HttpClient Http { get; } = new(new SocketsHttpHandler { UseProxy = false, AllowAutoRedirect = false, SslOptions = Trust(authority) })
    {
        BaseAddress = baseAddress,
        Timeout = Timeout.InfiniteTimeSpan,
    };

    public static string NewId(string prefix = "s") => $"{prefix}-{Environment.ProcessId}-{Interlocked.Increment(ref _sessionsMade)}";

    public static string SessionPath(string session) => $"/logging_session/{Uri.EscapeDataString(session)}";

    public static string ReadPath(string session, string output = "stdout", string query = "") => $"/logs/{Uri.EscapeDataString(session)}/read/{output}{query}";

    public static string WritePath(string session, string output = "stdout", string query = "") => $"/logs/{Uri.EscapeDataString(session)}/write/{output}{query}";

    public string Url(string path) => new Uri(BaseAddress, Below(path)).AbsoluteUri;

    public async Task<string> CreateSession(string? id = null)
    {
        id ??= NewId();
        using var answer = await Send(HttpMethod.Post, "/logging_session", JsonContent.Create(new { session_id = id }));
        answer.StatusCode.Should().Be(HttpStatusCode.OK, await answer.Content.ReadAsStringAsync());
        return id;
    }

    /// <summary>Null when there is no such session.</summary>
    public async Task<SessionStatus?> Status(string session)
    {
        using var answer = await Send(HttpMethod.Get, SessionPath(session));
        return answer.StatusCode == HttpStatusCode.OK ? await answer.Content.ReadFromJsonAsync<SessionStatus>() : null;
    }

    public async Task<HttpResponseMessage> Send(HttpMethod method, string path, HttpContent? body = null, string? range = null, TimeSpan? deadline = null)
    {
        using var request = new HttpRequestMessage(method, Below(path)) { Content = body };
        if (range is not null)
        {
            request.Headers.TryAddWithoutValidation("Range", range);
        }

        return await Eventually.Done(Http.SendAsync(request), $"{method} {path} is answered", deadline ?? TimeSpan.FromSeconds(60));
    }

    public Task<HttpResponseMessage> Put(string session, string output, byte[] bytes, string query = "") =>
        Send(HttpMethod.Put, WritePath(session, output, query), new ByteArrayContent(bytes));

    /// <summary>Appends, and expects it to work.</summary>
    public async Task Append(string session, byte[] bytes, string output = "stdout")
    {
        using var answer = await Put(session, output, bytes);
        answer.StatusCode.Should().Be(HttpStatusCode.OK, await answer.Content.ReadAsStringAsync());
    }

    /// <summary>Everything an output holds now, byte for byte.</summary>
    public async Task<byte[]> ReadAll(string session, string output = "stdout", string query = "")
    {
        using var answer = await Send(HttpMethod.Get, ReadPath(session, output, query));
        answer.StatusCode.Should().Be(HttpStatusCode.OK, "the output can be read");
        return await answer.Content.ReadAsByteArrayAsync();
    }

    public Task<RawSocket> Writer(string session, string output = "stdout") => Connect(WritePath(session, output));

    public Task<RawSocket> Reader(string session, string output = "stdout", string query = "") => Connect(ReadPath(session, output, query));

    public Task<RawSocket> Connect(string path) => RawSocket.Connect(WebSocketUrl(path), authority is null ? null : Http);

    public Uri WebSocketUrl(string path) => new UriBuilder(Url(path)) { Scheme = BaseAddress.Scheme == Uri.UriSchemeHttps ? "wss" : "ws" }.Uri;

    /// <summary>A WebSocket handshake whose answer can be read whole: .NET's WebSocket client shows the status of a refusal, but not its body.</summary>
    public async Task<HttpResponseMessage> Handshake(string path)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, Below(path));
        MakeHandshake(request);
        return await Eventually.Done(Http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead), $"the handshake on {path} is answered");
    }

    /// <summary>Adds the headers that ask for a WebSocket.</summary>
    public static void MakeHandshake(HttpRequestMessage request)
    {
        request.Headers.TryAddWithoutValidation("Connection", "Upgrade");
        request.Headers.TryAddWithoutValidation("Upgrade", "websocket");
        request.Headers.TryAddWithoutValidation("Sec-WebSocket-Version", "13");
        request.Headers.TryAddWithoutValidation("Sec-WebSocket-Key", Convert.ToBase64String(Encoding.ASCII.GetBytes("sixteen bytes ok")));
    }

    public void Dispose() => Http.Dispose();

    /// <summary>The relay may stand below a path.</summary>
    private string Below(string path) => BaseAddress.AbsolutePath.TrimEnd('/') + path;

    private static SslClientAuthenticationOptions Trust(TestAuthority? authority)
    {
        var options = new SslClientAuthenticationOptions();
        if (authority is not null)
        {
            options.CertificateChainPolicy = new X509ChainPolicy { TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck };
            options.CertificateChainPolicy.CustomTrustStore.AddRange(authority.Trusted);
        }

        return options;
    }
}
