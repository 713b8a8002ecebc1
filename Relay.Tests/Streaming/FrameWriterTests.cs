using System.Buffers;
using System.IO.Pipelines;
using System.Net.WebSockets;
using FluentAssertions;
using Relay.Server.Streaming;
using Relay.Tests.TestKit;
using Xunit;

namespace Relay.Tests.Streaming;

/// <summary>Frames that the relay makes itself, read by .NET's WebSocket.</summary>
public sealed class FrameWriterTests : IDisposable
{
    private readonly Pipe _connection = new(new PipeOptions(pauseWriterThreshold: 1024 * 1024, resumeWriterThreshold: 1024, useSynchronizationContext: false));
    private readonly SemaphoreSlim _turn = new(1);
    private readonly FakeTime _time = new();
    private readonly FrameWriter _writer;
    private readonly WebSocket _peer;

    public FrameWriterTests()
    {
        _writer = new FrameWriter(_connection.Writer, _turn, _time);
        _peer = WebSocket.CreateFromStream(new Incoming(_connection.Reader.AsStream()), new WebSocketCreationOptions());
    }

    public void Dispose()
    {
        _peer.Dispose();
        _turn.Dispose();
    }

    [Theory]
    [InlineData(1)]
    [InlineData(125)]
    [InlineData(126)]
    [InlineData(65_535)]
    [InlineData(65_536)]
    [InlineData(300_000)]
    public async Task What_is_flushed_is_one_message(int length)
    {
        var message = Message(length);
        message.CopyTo(_writer.GetSpan(length));
        _writer.Advance(length);
        await _writer.FlushAsync();

        (await ReceiveAsync()).Should().Equal(message);
    }

    [Theory]
    [InlineData(1, 100)]
    [InlineData(700, 4_000)]
    [InlineData(64, 200_000)]
    public async Task However_many_pieces_it_is_written_in(int piece, int length)
    {
        var message = Message(length);
        foreach (var part in message.Chunk(piece))
        {
            part.CopyTo(_writer.GetSpan(part.Length));
            _writer.Advance(part.Length);
        }

        await _writer.FlushAsync();

        (await ReceiveAsync()).Should().Equal(message);
    }

    [Fact]
    public async Task A_message_that_is_shorter_than_the_room_for_it_has_the_shortest_header()
    {
        foreach (var length in new[] { 3, 200, 65_535 })
        {
            var message = Message(length);
            message.CopyTo(_writer.GetSpan(100_000));
            _writer.Advance(length);
            await _writer.FlushAsync();

            (await ReceiveAsync()).Should().Equal(message);
        }

        _writer.GetSpan(100_000)[0] = 1;
        _writer.Advance(1);
        await _writer.FlushAsync();
        (await _connection.Reader.ReadAsync()).Buffer.ToArray().Should().Equal(0x82, 1, 1);
    }

    [Fact]
    public async Task Text_is_sent_as_text()
    {
        _writer.IsText = true;
        _writer.Write("{}"u8);
        await _writer.FlushAsync();

        var received = await _peer.ReceiveAsync(new byte[16].AsMemory(), CancellationToken.None);

        received.MessageType.Should().Be(WebSocketMessageType.Text);
    }

    [Fact]
    public async Task While_another_has_the_turn_nothing_of_a_message_is_on_the_connection()
    {
        await _turn.WaitAsync();
        var message = Message(5_000);
        _writer.Write(message);
        var flush = _writer.FlushAsync().AsTask();
        flush.IsCompleted.Should().BeFalse();
        _connection.Writer.UnflushedBytes.Should().Be(0);

        _turn.Release();
        await Eventually.Done(flush, "it is its turn");

        (await ReceiveAsync()).Should().Equal(message);
        _turn.CurrentCount.Should().Be(1);
    }

    [Fact]
    public void A_message_that_is_not_flushed_gives_its_turn_back_at_the_end()
    {
        _writer.Write(Message(10));
        _turn.CurrentCount.Should().Be(0);

        _writer.Complete();

        _turn.CurrentCount.Should().Be(1);
        _connection.Writer.UnflushedBytes.Should().Be(0);
    }

    [Fact]
    public async Task What_is_written_after_the_end_is_gone_and_what_was_under_way_keeps_its_turn()
    {
        _writer.Write(Message(2 * 1024 * 1024));
        var flush = _writer.FlushAsync().AsTask();
        _writer.Complete();
        _turn.CurrentCount.Should().Be(0, "its frame is still under way");

        _writer.Write(Message(10));
        (await _writer.FlushAsync()).IsCompleted.Should().BeTrue();

        (await ReceiveAsync()).Should().HaveCount(2 * 1024 * 1024);
        await Eventually.Done(flush, "the peer took it");
        _turn.CurrentCount.Should().Be(1);
        _writer.Write(Message(10));
        (await _writer.FlushAsync()).IsCompleted.Should().BeTrue();
        _turn.CurrentCount.Should().Be(1);
    }

    [Fact]
    public async Task It_is_stuck_when_a_message_has_been_under_way_for_longer_than_it_may()
    {
        var patience = TimeSpan.FromSeconds(10);
        _writer.Write(Message(2 * 1024 * 1024));
        var flush = _writer.FlushAsync().AsTask();
        _time.Advance(patience);
        _writer.IsStuckFor(patience).Should().BeFalse();
        _time.Advance(TimeSpan.FromMilliseconds(1));
        _writer.IsStuckFor(patience).Should().BeTrue();

        await ReceiveAsync();
        await Eventually.Done(flush, "the peer took it");

        _writer.IsStuckFor(patience).Should().BeFalse();
    }

    private static byte[] Message(int length)
    {
        var message = new byte[length];
        new Random(length).NextBytes(message);
        return message;
    }

    private async Task<byte[]> ReceiveAsync()
    {
        var message = new ArrayBufferWriter<byte>();
        while (true)
        {
            var received = await _peer.ReceiveAsync(message.GetMemory(64 * 1024), CancellationToken.None);
            message.Advance(received.Count);
            if (received.EndOfMessage)
            {
                return message.WrittenSpan.ToArray();
            }
        }
    }

    /// <summary>What comes; nothing goes.</summary>
    private sealed class Incoming(Stream inner) : Stream
    {
        public override bool CanRead => true;

        public override bool CanSeek => false;

        public override bool CanWrite => true;

        public override long Length => throw new NotSupportedException();

        public override long Position
        {
            get => throw new NotSupportedException();
            set => throw new NotSupportedException();
        }

        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) => inner.ReadAsync(buffer, cancellationToken);

        public override int Read(byte[] buffer, int offset, int count) => inner.Read(buffer, offset, count);

        public override void Flush()
        {
            // Nothing goes.
        }

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();

        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
    }
}
