using System.Net.Security;

namespace Relay.Client.Connections;

/// <summary>What carries HTTP calls and WebSocket handshakes, unless the caller brings a handler of its own. Both check the relay's certificate alike.</summary>
internal static class Handlers
{
    public static SocketsHttpHandler ForCalls(RelayClientOptions options) => new()
    {
        ConnectTimeout = options.ConnectTimeout,
        PooledConnectionIdleTimeout = TimeSpan.FromSeconds(30),
        SslOptions = Ssl(options),
    };

    /// <summary>As <see cref="System.Net.WebSockets.ClientWebSocket"/> has it by itself: each handshake has a connection of its own.</summary>
    public static SocketsHttpHandler ForWebSockets(RelayClientOptions options) => new()
    {
        PooledConnectionLifetime = TimeSpan.Zero,
        UseCookies = false,
        SslOptions = Ssl(options),
    };

    private static SslClientAuthenticationOptions Ssl(RelayClientOptions options) => new()
    {
        RemoteCertificateValidationCallback = new CertificateCheck(options.CertificateAuthorities).Validate,
    };
}
