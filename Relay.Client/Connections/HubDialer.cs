using System.Net;
using System.Net.WebSockets;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.SignalR.Client;
using Microsoft.AspNetCore.SignalR.Protocol;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Relay.Contracts;

namespace Relay.Client.Connections;

/// <summary>Opens hub connections, one per reader or writer and attempt. It never retries: when to try again is its caller's decision.</summary>
internal sealed partial class HubDialer(RelayClientOptions options)
{
    // The relay pings every 10 s and drops a peer that was silent for 30 s (docs/protocol.md, 6.8).
    private static readonly TimeSpan KeepAlive = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan ServerTimeout = TimeSpan.FromSeconds(30);

    private readonly ILogger _logger = options.LoggerFactory.CreateLogger<RelayClient>();
    private readonly HttpMessageHandler _handler = options.HttpMessageHandler ?? Handlers.ForWebSockets(options);
    private readonly UriEndPoint _hub = new(RelayUrls.Hub(options.Url));

    public RelayClientOptions Options { get; } = options;

    /// <summary>Connects and shakes hands, within <see cref="RelayClientOptions.ConnectTimeout"/>.</summary>
    /// <exception cref="AccessDeniedException">The relay, or a proxy before it, does not let us in.</exception>
    /// <exception cref="RelayException"><see cref="RelayErrorCode.ConnectionLost"/>: whatever else stood in the way, another attempt may
    /// succeed.</exception>
    public async Task<HubLink> DialAsync(CancellationToken cancellationToken)
    {
        var factory = new WebSocketConnectionFactory(_handler, Options.Token, WebSocketMessageType.Binary);
        var guard = new ReceiveGuard();
        var link = new HubLink(Build(factory, guard), factory, guard);
        using var timeout = new CancellationTokenSource(Options.ConnectTimeout, Options.TimeProvider);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, timeout.Token);
        try
        {
            await link.Connection.StartAsync(either.Token).ConfigureAwait(false);
            return link;
        }
        catch (Exception e)
        {
            await link.DisposeAsync().ConfigureAwait(false);
            cancellationToken.ThrowIfCancellationRequested();
            throw factory.RefusedWith is 401 or 403
                ? NotARelay.Denied(factory.RefusedWith.Value, factory.RefusalReason ?? Words(e, factory.RefusedWith, tooLate: false), e)
                : RelayException.Create(RelayErrorCode.ConnectionLost, Words(e, factory.RefusedWith, timeout.IsCancellationRequested), e, factory.RetryAfter);
        }
    }

    /// <summary>Tells a caller's own code of a change. What it throws must not look like a failure of the connection.</summary>
    public void Report(Action<ConnectionChange>? listener, ConnectionChange change)
    {
        try
        {
            listener?.Invoke(change);
        }
        catch (Exception e)
        {
            Log.ListenerFailed(_logger, change.State, e);
        }
    }

    private string Words(Exception failure, int? refusedWith, bool tooLate) =>
        refusedWith is { } status && !tooLate ? NotARelay.Words(status, $"the WebSocket handshake was answered with {status}", Options.Url)
        : HubFailures.IsNotHttp(failure) ? NotARelay.Because("it does not answer in HTTP", Options.Url).Message
        : $"The relay at {Options.Url} cannot be reached: {(tooLate ? $"no answer within {Options.ConnectTimeout.TotalSeconds:0.#} s" : HubFailures.TlsReason(failure, Options.Url) ?? HubFailures.Innermost(failure))}";

    private HubConnection Build(WebSocketConnectionFactory factory, ReceiveGuard guard)
    {
        var builder = new HubConnectionBuilder();
        builder.Services.AddSingleton(Options.LoggerFactory);
        builder.Services.AddSingleton<IConnectionFactory>(factory);
        builder.Services.AddSingleton<EndPoint>(_hub);
        builder.Services.AddSingleton<IHubProtocol>(guard);
        var connection = builder.Build();
        connection.KeepAliveInterval = KeepAlive;
        connection.ServerTimeout = ServerTimeout;
        return connection;
    }

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Warning, "A listener to connection changes threw at {State}")]
        public static partial void ListenerFailed(ILogger logger, ConnectionState state, Exception exception);
    }
}
