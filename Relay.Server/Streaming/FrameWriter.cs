using System.Buffers;
using System.Buffers.Binary;
using System.IO.Pipelines;

namespace Relay.Server.Streaming;

/// <summary>
/// Sends what is written between two flushes as one message of a WebSocket, put together in the memory of the connection itself: three copies and a change of
/// threads less than by the WebSocket.
/// </summary>
/// <remarks>
/// A server's frame is a header of 2, 4 or 10 bytes, and the payload as it is (RFC 6455, 5.2). Pings, pongs and the closing handshake stay the WebSocket's. The
/// two take turns, frame by frame; what is written while the WebSocket has the turn, or grows beyond what was asked for, takes a detour over a buffer.
/// </remarks>
/// <param name="connection">Where frames go.</param>
/// <param name="turn">Held while a frame is made and sent.</param>
/// <param name="time">Tells how long a frame has been under way.</param>
internal sealed class FrameWriter(PipeWriter connection, SemaphoreSlim turn, TimeProvider time) : PipeWriter
{
    private const int SmallestRoom = 512;
    private const int ShortHeader = 4;
    private const int LongHeader = 10;

    private Memory<byte> _frame;
    private int _header;
    private int _payload;
    private ArrayBufferWriter<byte>? _detour;
    private bool _hasTurn;
    private volatile bool _isComplete;
    private long _sendingSince = long.MaxValue;

    /// <summary>Whether messages are text; else they are binary.</summary>
    public bool IsText { get; set; }

    /// <summary>Whether a frame has been under way for so long.</summary>
    public bool IsStuckFor(TimeSpan patience) =>
        Volatile.Read(ref _sendingSince) is var since and not long.MaxValue && time.GetElapsedTime(since) > patience;

    public override Memory<byte> GetMemory(int sizeHint = 0)
    {
        if (_frame.IsEmpty && _detour is null)
        {
            Begin(Math.Max(sizeHint, SmallestRoom));
        }

        if (_detour is null && _frame.Length - _header - _payload >= Math.Max(sizeHint, 1))
        {
            return _frame[(_header + _payload)..];
        }

        return Detour().GetMemory(sizeHint);
    }

    public override Span<byte> GetSpan(int sizeHint = 0) => GetMemory(sizeHint).Span;

    public override void Advance(int bytes)
    {
        if (_detour is not null)
        {
            _detour.Advance(bytes);
            return;
        }

        ArgumentOutOfRangeException.ThrowIfNegative(bytes);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(bytes, _frame.Length - _header - _payload);
        _payload += bytes;
    }

    public override ValueTask<FlushResult> FlushAsync(CancellationToken cancellationToken = default)
    {
        if (_isComplete)
        {
            _detour = null;
            return ValueTask.FromResult(new FlushResult(isCanceled: false, isCompleted: true));
        }

        if (_detour is not null)
        {
            return SendDetourAsync(cancellationToken);
        }

        if (_payload == 0)
        {
            GiveTurn();
            return default;
        }

        Volatile.Write(ref _sendingSince, time.GetTimestamp());
        connection.Advance(Finish());
        var sending = connection.FlushAsync(cancellationToken);
        if (!sending.IsCompletedSuccessfully)
        {
            return SentAsync(sending);
        }

        Sent();
        return sending;
    }

    /// <summary>Ends the messages; the connection is somebody else's. What was not flushed is gone, and what is written after it too; what is under way stays so.</summary>
    public override void Complete(Exception? exception = null)
    {
        _isComplete = true;
        if (Volatile.Read(ref _sendingSince) == long.MaxValue)
        {
            GiveTurn();
        }
    }

    public override void CancelPendingFlush() => connection.CancelPendingFlush();

    private void Begin(int payload)
    {
        if (_isComplete || !turn.Wait(0))
        {
            _detour = new ArrayBufferWriter<byte>(payload);
            return;
        }

        _hasTurn = true;
        _header = payload <= ushort.MaxValue ? ShortHeader : LongHeader;
        _frame = connection.GetMemory(_header + payload);
        if (_header == ShortHeader && _frame.Length > ShortHeader + ushort.MaxValue)
        {
            _frame = _frame[..(ShortHeader + ushort.MaxValue)];
        }
    }

    private ArrayBufferWriter<byte> Detour()
    {
        if (_detour is null)
        {
            _detour = new ArrayBufferWriter<byte>(2 * _frame.Length);
            _detour.Write(_frame.Span.Slice(_header, _payload));
            _frame = default;
            _payload = 0;
        }

        return _detour;
    }

    /// <summary>Puts the header before the payload.</summary>
    /// <returns>The length of the frame.</returns>
    private int Finish()
    {
        var span = _frame.Span;
        var needed = HeaderOf(_payload);
        if (needed != _header)
        {
            span.Slice(_header, _payload).CopyTo(span[needed..]); // The shortest form is the only valid one.
        }

        WriteHeader(span, _payload);
        var length = needed + _payload;
        (_frame, _payload) = (default, 0);
        return length;
    }

    private async ValueTask<FlushResult> SendDetourAsync(CancellationToken cancellationToken)
    {
        Volatile.Write(ref _sendingSince, time.GetTimestamp());
        if (!_hasTurn)
        {
            await turn.WaitAsync(cancellationToken);
            _hasTurn = true;
        }

        EndDetour();
        return await SentAsync(connection.FlushAsync(cancellationToken));
    }

    /// <summary>From the buffer to the connection. Nothing may hold the buffer while the frame is sent: that can take long.</summary>
    private void EndDetour()
    {
        var payload = _detour!.WrittenSpan;
        var header = HeaderOf(payload.Length);
        var frame = connection.GetSpan(header + payload.Length);
        WriteHeader(frame, payload.Length);
        payload.CopyTo(frame[header..]);
        connection.Advance(header + payload.Length);
        _detour = null;
    }

    private async ValueTask<FlushResult> SentAsync(ValueTask<FlushResult> sending)
    {
        try
        {
            return await sending;
        }
        finally
        {
            Sent();
        }
    }

    private void Sent()
    {
        Volatile.Write(ref _sendingSince, long.MaxValue);
        GiveTurn();
    }

    private void GiveTurn()
    {
        (_frame, _payload) = (default, 0);
        if (Interlocked.Exchange(ref _hasTurn, false))
        {
            turn.Release();
        }
    }

    private static int HeaderOf(int payload) => payload <= 125 ? 2 : payload <= ushort.MaxValue ? ShortHeader : LongHeader;

    private void WriteHeader(Span<byte> frame, int payload)
    {
        frame[0] = (byte)(IsText ? 0x81 : 0x82); // The whole message is in this frame.
        switch (HeaderOf(payload))
        {
            case LongHeader:
                frame[1] = 127;
                BinaryPrimitives.WriteInt64BigEndian(frame[2..], payload);
                break;
            case ShortHeader:
                frame[1] = 126;
                BinaryPrimitives.WriteUInt16BigEndian(frame[2..], (ushort)payload);
                break;
            default:
                frame[1] = (byte)payload;
                break;
        }
    }
}
