using System.Buffers;
using System.IO.Pipelines;
using System.Net.WebSockets;

namespace Relay.Client.Connections;

/// <summary>A pipe into a WebSocket: what is written between two flushes is one message, and sent when the flush returns.</summary>
/// <param name="socket">The WebSocket.</param>
/// <param name="type">Of the messages.</param>
/// <param name="aborted">Breaks off what is under way. A flush listens to nothing else: broken off, it would take the connection with it.</param>
internal sealed class MessageWriter(WebSocket socket, WebSocketMessageType type, CancellationToken aborted) : PipeWriter
{
    private const int SmallestRoom = 512;

    private byte[] _message = [];
    private int _length;

    public override Memory<byte> GetMemory(int sizeHint = 0)
    {
        var needed = _length + Math.Max(sizeHint, SmallestRoom);
        if (needed > _message.Length)
        {
            var larger = ArrayPool<byte>.Shared.Rent(Math.Max(needed, 2 * _length));
            _message.AsSpan(0, _length).CopyTo(larger);
            GiveBack();
            _message = larger;
        }

        return _message.AsMemory(_length);
    }

    public override Span<byte> GetSpan(int sizeHint = 0) => GetMemory(sizeHint).Span;

    public override void Advance(int bytes)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(bytes);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(bytes, _message.Length - _length);
        _length += bytes;
    }

    public override async ValueTask<FlushResult> FlushAsync(CancellationToken cancellationToken = default)
    {
        if (_length > 0)
        {
            await socket.SendAsync(_message.AsMemory(0, _length), type, endOfMessage: true, aborted).ConfigureAwait(false);
            GiveBack();
            (_message, _length) = ([], 0);
        }

        return default;
    }

    public override void CancelPendingFlush()
    {
        // See above.
    }

    public override void Complete(Exception? exception = null)
    {
        // A flush may still be under way, and has the memory.
    }

    private void GiveBack()
    {
        if (_message.Length > 0)
        {
            ArrayPool<byte>.Shared.Return(_message);
        }
    }
}
