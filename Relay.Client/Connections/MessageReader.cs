using System.Buffers;
using System.IO.Pipelines;
using System.Net.WebSockets;

namespace Relay.Client.Connections;

/// <summary>What a WebSocket receives, as a pipe: received when it is asked for, and each message, however long, in one piece of memory.</summary>
/// <remarks>
/// A receive cannot be taken back without losing the connection. A read that is cancelled leaves it under way, for the next read to wait for.
/// </remarks>
/// <param name="socket">The WebSocket.</param>
/// <param name="aborted">Breaks off the receive, and the connection with it.</param>
internal sealed class MessageReader(WebSocket socket, CancellationToken aborted) : PipeReader
{
    private const int FirstBytes = 16 * 1024;
    private const int MaxGreetingBytes = 16 * 1024;
    private const byte GreetingEnd = 0x1e;

    private byte[] _buffer = ArrayPool<byte>.Shared.Rent(FirstBytes);
    private int _begin;
    private int _end;
    private int _greeted;
    private bool _isClosed;
    private Task<ValueWebSocketReceiveResult>? _receiving;
    private TaskCompletionSource _cancelled = NotCancelled();

    /// <returns>A message, or the part of it for which there was room: more follows. Nothing, and completed, when the peer has closed.</returns>
    /// <exception cref="WebSocketException">The peer is gone.</exception>
    /// <exception cref="InvalidDataException">The peer's greeting has no end.</exception>
    /// <exception cref="OperationCanceledException">The connection was aborted, or <paramref name="cancellationToken"/> cancelled.</exception>
    public override async ValueTask<ReadResult> ReadAsync(CancellationToken cancellationToken = default)
    {
        using var _ = cancellationToken.UnsafeRegister(static self => ((MessageReader)self!).CancelPendingRead(), this);
        for (var isWhole = _isClosed; !isWhole;)
        {
            var cancelled = Volatile.Read(ref _cancelled);
            _receiving ??= ReceiveAsync();
            await Task.WhenAny(_receiving, cancelled.Task).ConfigureAwait(false);
            if (cancelled.Task.IsCompleted)
            {
                Volatile.Write(ref _cancelled, NotCancelled());
                cancellationToken.ThrowIfCancellationRequested();
                return new ReadResult(Unread(), isCanceled: true, isCompleted: false);
            }

            var received = await _receiving.ConfigureAwait(false);
            _receiving = null;
            Take(received);
            isWhole = _isClosed || (received.EndOfMessage && _end > _begin) || _end == _buffer.Length;
        }

        return new ReadResult(Unread(), isCanceled: false, _isClosed);
    }

    /// <summary>Never: what was received was asked for.</summary>
    public override bool TryRead(out ReadResult result)
    {
        result = default;
        return false;
    }

    public override void AdvanceTo(SequencePosition consumed) => AdvanceTo(consumed, consumed);

    /// <summary>Whatever was examined, the next read waits for more.</summary>
    public override void AdvanceTo(SequencePosition consumed, SequencePosition examined)
    {
        _begin = consumed.GetInteger();
        if (_begin == _end)
        {
            (_begin, _end) = (0, 0);
        }
    }

    public override void CancelPendingRead() => Volatile.Read(ref _cancelled).TrySetResult();

    public override void Complete(Exception? exception = null)
    {
        _isClosed = true;
        if (_receiving is { } receiving)
        {
            _ = ForgetAsync(receiving); // It has the buffer, and ends with the connection.
            return;
        }

        ArrayPool<byte>.Shared.Return(Interlocked.Exchange(ref _buffer, []));
        (_begin, _end) = (0, 0);
    }

    private static TaskCompletionSource NotCancelled() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    private static async Task ForgetAsync(Task receiving) => await receiving.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);

    private ReadOnlySequence<byte> Unread() => new(_buffer, _begin, _end - _begin);

    private Task<ValueWebSocketReceiveResult> ReceiveAsync()
    {
        if (_end == _buffer.Length)
        {
            MakeRoom();
        }

        return socket.ReceiveAsync(_buffer.AsMemory(_end), aborted).AsTask();
    }

    private void MakeRoom()
    {
        var (old, length) = (_buffer, _end - _begin);
        _buffer = _begin > 0 ? old : ArrayPool<byte>.Shared.Rent(2 * old.Length);
        old.AsSpan(_begin, length).CopyTo(_buffer);
        (_begin, _end) = (0, length);
        if (!ReferenceEquals(old, _buffer))
        {
            ArrayPool<byte>.Shared.Return(old);
        }
    }

    private void Take(ValueWebSocketReceiveResult received)
    {
        _isClosed = received.MessageType == WebSocketMessageType.Close;
        if (_greeted >= 0)
        {
            CheckGreeting(_buffer.AsSpan(_end, received.Count));
        }

        _end += received.Count;
    }

    /// <summary>SignalR's client gathers the answer to its handshake without bound. What follows it comes in messages, which are bounded.</summary>
    private void CheckGreeting(ReadOnlySpan<byte> received)
    {
        _greeted = received.Contains(GreetingEnd) ? -1 : _greeted + received.Length;
        if (_greeted > MaxGreetingBytes)
        {
            throw new InvalidDataException($"the answer to the handshake is longer than {MaxGreetingBytes} bytes.");
        }
    }
}
