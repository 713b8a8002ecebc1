using System.Net.WebSockets;

namespace Relay.Client.Connections;

/// <summary>The messages of a WebSocket as a stream of bytes: a write is a message, and a read does not tell where one ends.</summary>
/// <param name="socket">The WebSocket.</param>
/// <param name="type">Of the messages that are sent.</param>
/// <param name="aborted">Breaks off what waits. A write listens to nothing else: broken off, it would take the connection with it.</param>
internal sealed class MessageStream(WebSocket socket, WebSocketMessageType type, CancellationToken aborted) : Stream
{
    private const int MaxGreetingBytes = 16 * 1024;
    private const byte GreetingEnd = 0x1e;

    private int _greeted;

    public override bool CanRead => true;

    public override bool CanWrite => true;

    public override bool CanSeek => false;

    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    /// <returns>0 when the peer has closed.</returns>
    /// <exception cref="InvalidDataException">The peer's greeting has no end.</exception>
    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        ValueWebSocketReceiveResult received;
        do
        {
            received = await socket.ReceiveAsync(buffer, aborted).ConfigureAwait(false);
        }
        while (received is { Count: 0, MessageType: not WebSocketMessageType.Close });

        if (_greeted >= 0)
        {
            CheckGreeting(buffer.Span[..received.Count]);
        }

        return received.Count;
    }

    public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default) =>
        socket.SendAsync(buffer, type, endOfMessage: true, aborted);

    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override Task WriteAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        WriteAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override Task FlushAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public override void Flush()
    {
        // A write is sent at once.
    }

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

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
