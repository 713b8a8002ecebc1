using System.IO.Pipelines;
using System.Net.WebSockets;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Http.Features;

namespace Relay.Client.Connections;

/// <summary>A WebSocket as a pair of pipes. The pipes' thresholds are the back-pressure: a slow peer holds back the hub connection, not the
/// heap.</summary>
internal sealed class WebSocketConnection : ConnectionContext
{
    private const int ReceiveBytes = 64 * 1024;
    private const int MaxGreetingBytes = 16 * 1024;
    private const byte GreetingEnd = 0x1e;
    private static readonly TimeSpan CloseTimeout = TimeSpan.FromSeconds(1);
    private static readonly PipeOptions Buffering = new(
        pauseWriterThreshold: 512 * 1024, resumeWriterThreshold: 256 * 1024, minimumSegmentSize: 16 * 1024, useSynchronizationContext: false);

    private readonly WebSocket _socket;
    private readonly WebSocketMessageType _messageType;
    private readonly Pipe _received = new(Buffering);
    private readonly Pipe _toSend = new(Buffering);
    private readonly CancellationTokenSource _aborted = new();
    private readonly Task _receiving;
    private readonly Task _sending;

    public WebSocketConnection(WebSocket socket, WebSocketMessageType messageType)
    {
        _socket = socket;
        _messageType = messageType;
        Transport = new Duplex(_received.Reader, _toSend.Writer);
        _receiving = Task.Run(ReceiveAsync);
        _sending = Task.Run(SendAsync);
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

    /// <summary>Sends what is queued and a close frame, for a second at most: a dead peer must not hold up the one who leaves.</summary>
    public override async ValueTask DisposeAsync()
    {
        await _toSend.Writer.CompleteAsync().ConfigureAwait(false);
        await _received.Reader.CompleteAsync().ConfigureAwait(false);
        _aborted.CancelAfter(CloseTimeout);
        await _sending.ConfigureAwait(false);
        await _aborted.CancelAsync().ConfigureAwait(false);
        await _receiving.ConfigureAwait(false);
        _socket.Dispose();
        _aborted.Dispose();
        await base.DisposeAsync().ConfigureAwait(false);
    }

    private async Task ReceiveAsync()
    {
        Exception? failure = null;
        var greeted = 0;
        try
        {
            while (true)
            {
                var buffer = _received.Writer.GetMemory(ReceiveBytes);
                var result = await _socket.ReceiveAsync(buffer, _aborted.Token).ConfigureAwait(false);
                if (result.MessageType == WebSocketMessageType.Close)
                {
                    break;
                }

                greeted = greeted < 0 || buffer.Span[..result.Count].Contains(GreetingEnd) ? -1 : greeted + result.Count;
                if (greeted > MaxGreetingBytes)
                {
                    // SignalR's client gathers the answer to its handshake without bound. What follows it comes in messages, which are bounded.
                    throw new InvalidDataException($"the answer to the handshake is longer than {MaxGreetingBytes} bytes.");
                }

                _received.Writer.Advance(result.Count);
                var flushed = await _received.Writer.FlushAsync(_aborted.Token).ConfigureAwait(false);
                if (flushed.IsCompleted)
                {
                    break;
                }
            }
        }
        catch (Exception e)
        {
            failure = e;
        }

        await _received.Writer.CompleteAsync(failure).ConfigureAwait(false);
    }

    private async Task SendAsync()
    {
        Exception? failure = null;
        try
        {
            while (true)
            {
                var queued = await _toSend.Reader.ReadAsync(_aborted.Token).ConfigureAwait(false);
                foreach (var segment in queued.Buffer)
                {
                    await _socket.SendAsync(segment, _messageType, endOfMessage: true, _aborted.Token).ConfigureAwait(false);
                }

                _toSend.Reader.AdvanceTo(queued.Buffer.End);
                if (queued.IsCompleted)
                {
                    break;
                }
            }

            await _socket.CloseOutputAsync(WebSocketCloseStatus.NormalClosure, statusDescription: null, _aborted.Token).ConfigureAwait(false);
        }
        catch (Exception e)
        {
            failure = e;
        }

        await _toSend.Reader.CompleteAsync(failure).ConfigureAwait(false);
    }

    private sealed record Duplex(PipeReader Input, PipeWriter Output) : IDuplexPipe;
}
