using System.Buffers;
using System.Net.WebSockets;
using Relay.Contracts;
using Relay.Server.Storage.Embedded;

namespace Relay.Server.Streaming;

/// <summary>
/// Receives the messages of a raw WebSocket and hands out, at a time, all that are there: a writer that packs its lines is not answered with a write to
/// the disk for each. A message that is longer than a record comes in pieces of that size.
/// </summary>
/// <remarks>
/// <code>
///   0        begin                      piece              filled                  64 KiB
///   ├─ free ─┼─ whole messages: Bytes ──┼─ one unfinished ─┼─ the next receive ────┤
/// </code>
/// While nothing more is there, a receive waits for what follows, and its memory stays where it is; what was handed out lies before that.
/// </remarks>
internal sealed class IncomingMessages(WebSocket socket, long maxMessageBytes) : IDisposable
{
    private const int BufferBytes = 64 * 1024;
    private const int MaxPieceBytes = RecordHeader.MaxPayload;
    private const int LeastRoom = 4 * 1024;

    private readonly byte[] _buffer = ArrayPool<byte>.Shared.Rent(BufferBytes);
    private int[] _ends = new int[16];
    private int _count;
    private int _begin;
    private int _piece;
    private int _filled;
    private long _message;
    private bool _isClosed;
    private RelayException? _refusal;
    private Task<ValueWebSocketReceiveResult>? _receiving;

    /// <summary>The messages, one behind the other; valid until more are received.</summary>
    public ReadOnlyMemory<byte> Bytes => _buffer.AsMemory(_begin, _piece - _begin);

    /// <summary>Where each of them ends.</summary>
    public ReadOnlyMemory<int> Ends => _ends.AsMemory(0, _count);

    /// <summary>Waits for the next messages, and takes with them all others that are there.</summary>
    /// <returns><c>false</c> when the peer has closed.</returns>
    /// <exception cref="WebSocketException">The peer is gone.</exception>
    /// <exception cref="RelayException">A message is longer than it may be.</exception>
    public async ValueTask<bool> ReceiveAsync()
    {
        _begin = _piece;
        _count = 0;
        while (!_isClosed && _refusal is null && HasRoom())
        {
            if (_receiving is null)
            {
                var next = socket.ReceiveAsync(_buffer.AsMemory(_filled, Math.Min(BufferBytes - _filled, _piece + MaxPieceBytes - _filled)), CancellationToken.None);
                if (next.IsCompletedSuccessfully)
                {
                    Take(await next);
                    continue;
                }

                _receiving = next.AsTask();
            }

            if (_count > 0)
            {
                break;
            }

            var received = await _receiving;
            _receiving = null;
            Take(received);
        }

        return _count > 0 || (_refusal is null ? false : throw _refusal);
    }

    /// <summary>Receives on, and throws it away, until the peer closes: a connection that is cut off with bytes unread takes the close frame with it.</summary>
    public async Task DrainAsync()
    {
        var receiving = _receiving ?? socket.ReceiveAsync(_buffer.AsMemory(), CancellationToken.None).AsTask();
        while ((await receiving).MessageType != WebSocketMessageType.Close)
        {
            receiving = socket.ReceiveAsync(_buffer.AsMemory(), CancellationToken.None).AsTask();
        }
    }

    public void Dispose()
    {
        if (_receiving is not { IsCompleted: false })
        {
            ArrayPool<byte>.Shared.Return(_buffer); // Otherwise it still belongs to the receive.
        }
    }

    /// <summary>Makes room for the next receive, if it can: none is under way, and nothing waits to be handed out.</summary>
    private bool HasRoom()
    {
        if (BufferBytes - _filled >= LeastRoom || _receiving is not null)
        {
            return true;
        }

        if (_count > 0)
        {
            return false;
        }

        _buffer.AsSpan(_piece.._filled).CopyTo(_buffer);
        (_begin, _piece, _filled) = (0, 0, _filled - _piece);
        return true;
    }

    private void Take(ValueWebSocketReceiveResult received)
    {
        if (received.MessageType == WebSocketMessageType.Close)
        {
            _isClosed = true;
            return;
        }

        _filled += received.Count;
        _message += received.Count;
        if (_message > maxMessageBytes)
        {
            // Told once what came before it was handed out.
            _refusal = new RelayException(RelayErrorCode.RecordTooLarge, $"A message may have {maxMessageBytes} bytes (Streaming:MaxMessageBytes). Send it in pieces.");
            return;
        }

        if ((received.EndOfMessage && _filled > _piece) || _filled - _piece == MaxPieceBytes)
        {
            if (_count == _ends.Length)
            {
                Array.Resize(ref _ends, 2 * _count);
            }

            _piece = _filled;
            _ends[_count++] = _piece - _begin;
        }

        _message = received.EndOfMessage ? 0 : _message;
    }
}
