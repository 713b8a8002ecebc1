using System.Buffers;
using System.Net;
using System.Net.Sockets;
using System.Net.WebSockets;
using FluentAssertions;
using Relay.Client.Connections;
using Relay.Tests.TestKit;
using Xunit;

namespace Relay.Tests.Client;

/// <summary>What the client's hub connection reads from its WebSocket, and writes to it.</summary>
public sealed class MessagePipesTests : IAsyncLifetime, IDisposable
{
    private readonly CancellationTokenSource _aborted = new();
    private WebSocket _socket = null!;
    private WebSocket _peer = null!;
    private MessageReader _reader = null!;
    private MessageWriter _writer = null!;

    public async Task InitializeAsync()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var near = new TcpClient();
        await near.ConnectAsync((IPEndPoint)listener.LocalEndpoint);
        var far = await listener.AcceptTcpClientAsync();
        _socket = WebSocket.CreateFromStream(near.GetStream(), new WebSocketCreationOptions());
        _peer = WebSocket.CreateFromStream(far.GetStream(), new WebSocketCreationOptions { IsServer = true });
        _reader = new MessageReader(_socket, _aborted.Token);
        _writer = new MessageWriter(_socket, WebSocketMessageType.Binary, _aborted.Token);
        await SendAsync("{}\u001e"u8.ToArray());
        (await NextAsync()).Should().HaveCount(3, "the handshake is answered");
    }

    public Task DisposeAsync() => Task.CompletedTask;

    public void Dispose()
    {
        _socket.Dispose();
        _peer.Dispose();
        _aborted.Dispose();
    }

    [Theory]
    [InlineData(1)]
    [InlineData(16 * 1024)]
    [InlineData(200_000)]
    [InlineData(2_000_000)]
    public async Task A_message_is_read_in_one_piece_once_there_is_room_for_it(int length)
    {
        for (var round = 0; round < 3; round++)
        {
            var message = Message(length + round);
            var sending = SendAsync(message);

            (await NextAsync(whole: message.Length)).Should().Equal(message);
            await sending;
        }
    }

    [Fact]
    public async Task What_was_not_consumed_comes_again_with_what_follows()
    {
        await SendAsync([1, 2, 3]);
        var first = await ReadAsync();
        _reader.AdvanceTo(first.Buffer.GetPosition(1), first.Buffer.End);
        await SendAsync([4, 5]);

        (await NextAsync()).Should().Equal(2, 3, 4, 5);
    }

    [Fact]
    public async Task A_read_that_is_cancelled_loses_nothing()
    {
        var waiting = ReadAsync();
        _reader.CancelPendingRead();
        var cancelled = await waiting;
        cancelled.IsCanceled.Should().BeTrue();
        cancelled.IsCompleted.Should().BeFalse();
        _reader.AdvanceTo(cancelled.Buffer.Start);

        await SendAsync([1, 2, 3]);

        (await NextAsync()).Should().Equal(1, 2, 3);
    }

    [Fact]
    public async Task The_next_read_is_cancelled_when_none_waits_even_if_there_is_something_to_read()
    {
        await SendAsync([1, 2, 3]);
        _reader.CancelPendingRead();

        var cancelled = await ReadAsync();
        cancelled.IsCanceled.Should().BeTrue();
        _reader.AdvanceTo(cancelled.Buffer.Start);
        (await NextAsync()).Should().Equal(1, 2, 3);
    }

    [Fact]
    public async Task A_token_ends_the_wait_and_loses_nothing()
    {
        using var tired = new CancellationTokenSource();
        var waiting = _reader.ReadAsync(tired.Token).AsTask();
        await tired.CancelAsync();
        var wait = () => Eventually.Done(waiting, "the read ends");
        await wait.Should().ThrowAsync<OperationCanceledException>();

        await SendAsync([1, 2, 3]);

        (await NextAsync()).Should().Equal(1, 2, 3);
    }

    [Fact]
    public async Task A_peer_that_closes_ends_it()
    {
        await _peer.CloseOutputAsync(WebSocketCloseStatus.NormalClosure, null, CancellationToken.None);

        var end = await ReadAsync();
        end.IsCompleted.Should().BeTrue();
        end.Buffer.IsEmpty.Should().BeTrue();
    }

    [Fact]
    public async Task An_abort_ends_the_wait()
    {
        var waiting = ReadAsync();
        await _aborted.CancelAsync();

        var wait = () => waiting;
        await wait.Should().ThrowAsync<OperationCanceledException>();
    }

    [Theory]
    [InlineData(1, 10)]
    [InlineData(700, 5_000)]
    [InlineData(300_000, 300_000)]
    public async Task What_is_written_between_two_flushes_is_one_message(int piece, int length)
    {
        var message = Message(length);
        foreach (var part in message.Chunk(piece))
        {
            part.CopyTo(_writer.GetSpan(part.Length));
            _writer.Advance(part.Length);
        }

        var flushing = _writer.FlushAsync().AsTask();
        var received = new byte[length + 1];
        var count = 0;
        ValueWebSocketReceiveResult got;
        do
        {
            got = await _peer.ReceiveAsync(received.AsMemory(count), CancellationToken.None);
            count += got.Count;
        }
        while (!got.EndOfMessage);

        await flushing;
        received[..count].Should().Equal(message);
    }

    [Fact]
    public void More_than_there_is_room_for_cannot_be_written()
    {
        var room = _writer.GetMemory().Length;

        var advance = () => _writer.Advance(room + 1);

        advance.Should().Throw<ArgumentOutOfRangeException>();
    }

    private static byte[] Message(int length) => [.. Enumerable.Range(0, length).Select(i => (byte)(i * 7))];

    private Task SendAsync(byte[] message) => _peer.SendAsync(message, WebSocketMessageType.Binary, endOfMessage: true, CancellationToken.None);

    private Task<System.IO.Pipelines.ReadResult> ReadAsync() => Eventually.Done(_reader.ReadAsync().AsTask(), "there is something to read");

    /// <summary>Reads until there are so many bytes, and consumes them: as a hub does that waits for a whole message.</summary>
    private async Task<byte[]> NextAsync(int whole = 1)
    {
        while (true)
        {
            var read = await ReadAsync();
            if (read.Buffer.Length >= whole)
            {
                read.Buffer.IsSingleSegment.Should().BeTrue();
                var bytes = read.Buffer.ToArray();
                _reader.AdvanceTo(read.Buffer.End);
                return bytes;
            }

            read.IsCompleted.Should().BeFalse();
            _reader.AdvanceTo(read.Buffer.Start, read.Buffer.End);
        }
    }
}
