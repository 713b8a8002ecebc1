using System.IO.Pipelines;
using System.Net.Sockets;
using System.Net.WebSockets;
using System.Security.Claims;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.Http.Connections.Features;
using Microsoft.AspNetCore.Http.Features;

namespace Relay.Server.Streaming;

/// <summary>
/// A WebSocket as a hub connection's transport, without negotiation and with little between the hub and the socket: what comes is received into large segments
/// of a pipe, and what goes is made in the connection's own memory (<see cref="FrameWriter"/>). See docs/decisions/0025.
/// </summary>
internal sealed class HubSocket : ConnectionContext, IDuplexPipe, IConnectionUserFeature, IHttpContextFeature, ITransferFormatFeature
{
    private const int SegmentBytes = 64 * 1024;
    private const int ReceiveBufferBytes = 256 * 1024;

    // A large batch must fit: of one that does not the socket takes a part, and the next is made only when the peer has taken the rest.
    private const int SendBufferBytes = 256 * 1024;

    // Of the shared pool they would fill all places as soon as many clients connect at once, each with a few bytes.
    private static readonly PipeOptions Receiving = new(
        new BlockPool(SegmentBytes, maxSpareBlocks: 16, isPinned: false), pauseWriterThreshold: ReceiveBufferBytes, resumeWriterThreshold: ReceiveBufferBytes / 2,
        minimumSegmentSize: SegmentBytes, useSynchronizationContext: false);

    private readonly WebSocket _socket;
    private readonly Pipe _received = new(Receiving);
    private readonly FrameWriter _output;
    private readonly TimeSpan _sendTimeout;

    public HubSocket(HttpContext context, WebSocket socket, SemaphoreSlim turn, TimeSpan sendTimeout, TimeProvider time)
    {
        (HttpContext, _socket, _sendTimeout) = (context, socket, sendTimeout);
        _output = new FrameWriter(context.Features.GetRequiredFeature<IConnectionTransportFeature>().Transport.Output, turn, time);
        User = context.User;
        ConnectionId = context.Connection.Id;
        Items = context.Items;
        ConnectionClosed = context.RequestAborted;
        Transport = this;
        Features.Set<IConnectionUserFeature>(this);
        Features.Set<IHttpContextFeature>(this);
        Features.Set<ITransferFormatFeature>(this);
        Features.GetRequiredFeature<IConnectionHeartbeatFeature>().OnHeartbeat(static socket => ((HubSocket)socket).DropIfStuck(), this);
    }

    public HttpContext? HttpContext { get; set; }

    public ClaimsPrincipal? User { get; set; }

    public TransferFormat SupportedFormats => TransferFormat.Binary | TransferFormat.Text;

    public TransferFormat ActiveFormat
    {
        get => _output.IsText ? TransferFormat.Text : TransferFormat.Binary;
        set
        {
            _output.IsText = value == TransferFormat.Text;
            if (SendsLargeMessagesWell)
            {
                MakeRoomForLargeMessages();
            }
        }
    }

    /// <summary>Whether a large message is in memory only once while it is sent. TLS copies it, and as text it comes in pieces.</summary>
    public bool SendsLargeMessagesWell => ActiveFormat == TransferFormat.Binary && Features.Get<ITlsHandshakeFeature>() is null;

    public override string ConnectionId { get; set; }

    /// <summary>The request's, behind which are those of the connection: its heartbeat is the hub's.</summary>
    public override IFeatureCollection Features => HttpContext!.Features;

    public override IDictionary<object, object?> Items { get; set; }

    public override IDuplexPipe Transport { get; set; }

    public PipeReader Input => _received.Reader;

    public PipeWriter Output => _output;

    /// <summary>Receives until the client closes or is gone.</summary>
    public async Task ReceiveAsync()
    {
        Exception? failure = null;
        try
        {
            // Nothing is rented while nothing comes.
            while ((await _socket.ReceiveAsync(Memory<byte>.Empty, CancellationToken.None)).MessageType != WebSocketMessageType.Close
                && await _socket.ReceiveAsync(_received.Writer.GetMemory(), CancellationToken.None) is { MessageType: not WebSocketMessageType.Close } received)
            {
                _received.Writer.Advance(received.Count);
                if ((await _received.Writer.FlushAsync()).IsCompleted)
                {
                    break;
                }
            }
        }
        catch (Exception e) when (e is WebSocketException { WebSocketErrorCode: WebSocketError.ConnectionClosedPrematurely } or OperationCanceledException)
        {
            // Gone without a word.
        }
        catch (Exception e)
        {
            failure = e;
        }

        await _received.Writer.CompleteAsync(failure);
    }

    public override void Abort(ConnectionAbortedException abortReason) => HttpContext!.Abort();

    public override void Abort() => HttpContext!.Abort();

    private void MakeRoomForLargeMessages()
    {
        try
        {
            Features.GetRequiredFeature<IConnectionSocketFeature>().Socket.SendBufferSize = SendBufferBytes;
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            // It is gone; who reads from it will be told.
        }
    }

    private void DropIfStuck()
    {
        if (_output.IsStuckFor(_sendTimeout))
        {
            Abort();
        }
    }
}
