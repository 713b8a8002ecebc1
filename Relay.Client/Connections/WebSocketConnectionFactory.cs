using System.Net;
using System.Net.Http.Headers;
using System.Net.WebSockets;
using Microsoft.AspNetCore.Connections;

namespace Relay.Client.Connections;

/// <summary>
/// Gives SignalR's client core its transport: one WebSocket, no negotiation, so that a relay behind a load balancer needs no sticky sessions.
/// Stands in for the HTTP part of the client package. Serves one connection.
/// </summary>
internal sealed class WebSocketConnectionFactory(HttpMessageHandler handler, string? token, WebSocketMessageType messageType) : IConnectionFactory
{
    // A hub connection holds its lock while a send waits for room. Its own server time-out needs that lock, so it cannot end a send that
    // waits for a dead peer; the WebSocket's ping and pong can.
    private static readonly TimeSpan PingInterval = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan PongTimeout = TimeSpan.FromSeconds(15);

    private Action? _abort;

    /// <summary>The HTTP status that refused the handshake, if that is how it failed.</summary>
    public int? RefusedWith { get; private set; }

    /// <summary>Why, if the relay said so.</summary>
    public string? RefusalReason { get; private set; }

    /// <summary>How long it asked to be left alone, if it did.</summary>
    public TimeSpan? RetryAfter { get; private set; }

    public async ValueTask<ConnectionContext> ConnectAsync(EndPoint endpoint, CancellationToken cancellationToken = default)
    {
        var uri = ((UriEndPoint)endpoint).Uri;
        var socket = new ClientWebSocket();
        try
        {
            socket.Options.KeepAliveInterval = PingInterval;
            socket.Options.KeepAliveTimeout = PongTimeout;
            if (token is not null)
            {
                socket.Options.SetRequestHeader("Authorization", $"Bearer {token}");
            }

            socket.Options.CollectHttpResponseDetails = true;
            using var invoker = new HttpMessageInvoker(handler, disposeHandler: false);
            await socket.ConnectAsync(uri, invoker, cancellationToken).ConfigureAwait(false);
            var connection = new WebSocketConnection(socket, messageType);
            _abort = connection.Abort;
            return connection;
        }
        catch
        {
            RefusedWith = (int)socket.HttpStatusCode is var status and not 0 ? status : null;
            RefusalReason = socket.HttpResponseHeaders?.GetValueOrDefault("WWW-Authenticate")?.Select(BearerChallenge.DescriptionOf).FirstOrDefault();
            RetryAfter = RetryAfterOf(socket.HttpResponseHeaders);
            socket.Dispose();
            throw;
        }
    }

    private static TimeSpan? RetryAfterOf(IReadOnlyDictionary<string, IEnumerable<string>>? headers) =>
        headers?.FirstOrDefault(header => header.Key.Equals("Retry-After", StringComparison.OrdinalIgnoreCase)).Value?.FirstOrDefault() is { } text
        && RetryConditionHeaderValue.TryParse(text, out var after)
            ? after.Delta
            : null;

    /// <summary>Tears the connection down, whatever it is doing.</summary>
    public void Abort() => _abort?.Invoke();
}
