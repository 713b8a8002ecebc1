using System.IO.Pipelines;
using System.Net.WebSockets;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Http.Features;

namespace Relay.Client.Connections;

/// <summary>
/// A WebSocket as a hub connection's transport. What the hub connection flushes is sent before the flush returns, and what it reads is received when it
/// reads: nothing waits between the two, so a slow peer holds back the hub connection, not the heap, and no bytes change threads on the way.
/// </summary>
internal sealed class WebSocketConnection : ConnectionContext
{
    private static readonly TimeSpan CloseTimeout = TimeSpan.FromSeconds(1);

    private readonly WebSocket _socket;
    private readonly CancellationTokenSource _aborted = new();

    public WebSocketConnection(WebSocket socket, WebSocketMessageType messageType)
    {
        _socket = socket;
        Transport = new Duplex(new MessageReader(socket, _aborted.Token), new MessageWriter(socket, messageType, _aborted.Token));
    }

    public override string ConnectionId { get; set; } = Guid.NewGuid().ToString("N");

    public override IFeatureCollection Features { get; } = new FeatureCollection();

    public override IDictionary<object, object?> Items { get; set; } = new Dictionary<object, object?>();

    public override IDuplexPipe Transport { get; set; }

    public override void Abort(ConnectionAbortedException abortReason)
    {
        try
        {
            _aborted.Cancel();
        }
        catch (ObjectDisposedException)
        {
            // Disposed in the meantime: nothing is left to abort.
        }
    }

    /// <summary>Sends a close frame, for a second at most: a dead peer must not hold up the one who leaves.</summary>
    public override async ValueTask DisposeAsync()
    {
        _aborted.CancelAfter(CloseTimeout);
        try
        {
            await _socket.CloseOutputAsync(WebSocketCloseStatus.NormalClosure, statusDescription: null, _aborted.Token).ConfigureAwait(false);
        }
        catch (Exception)
        {
            // The connection is gone, or the peer takes nothing any more.
        }

        await _aborted.CancelAsync().ConfigureAwait(false);
        _socket.Dispose();
        _aborted.Dispose();
        await base.DisposeAsync().ConfigureAwait(false);
    }

    private sealed record Duplex(PipeReader Input, PipeWriter Output) : IDuplexPipe;
}
