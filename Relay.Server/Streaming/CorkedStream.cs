using System.Buffers;
using Microsoft.AspNetCore.Http.Features;

namespace Relay.Server.Streaming;

/// <summary>
/// The connection under a WebSocket. While it is corked, small frames gather and go out together; a frame for each line would otherwise cost as much as
/// a chunk of the log. A write that takes longer than it may, or whose reader has left, is broken off, and the connection is of no use after that.
/// </summary>
/// <param name="inner">The connection.</param>
internal sealed class CorkedStream(Stream inner) : Stream
{
    // Small: a reader that takes nothing keeps it, beside what it keeps anyway.
    private const int BufferBytes = 16 * 1024;

    private readonly SemaphoreSlim _one = new(1); // The WebSocket's pings come between the frames, and when they like.
    private byte[]? _gathered;
    private int _length;
    private bool _isCorked;

    /// <summary>Breaks off a write that waits.</summary>
    public CancellationToken Left { get; set; }

    /// <summary>How long a write to the connection may wait.</summary>
    public TimeSpan Patience { get; set; } = Timeout.InfiniteTimeSpan;

    public TimeProvider Time { get; set; } = TimeProvider.System;

    /// <summary>Whether a write was broken off: a part of a frame may be under way.</summary>
    public bool IsBroken { get; private set; }

    public override bool CanRead => true;

    public override bool CanWrite => true;

    public override bool CanSeek => false;

    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    /// <summary>One frame at a time: for those who write some past the WebSocket.</summary>
    public SemaphoreSlim Turn => _one;

    /// <summary>More frames will follow at once.</summary>
    public void Cork() => _isCorked = true;

    /// <summary>Nothing more is to come for now: what gathered goes out.</summary>
    public ValueTask UncorkAsync() => _isCorked ? SendRestAsync() : ValueTask.CompletedTask;

    public override async ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        await _one.WaitAsync(cancellationToken);
        try
        {
            if (_length + buffer.Length > BufferBytes)
            {
                await SendGatheredAsync();
            }

            if (_isCorked && buffer.Length <= BufferBytes / 2)
            {
                _gathered ??= ArrayPool<byte>.Shared.Rent(BufferBytes);
                buffer.CopyTo(_gathered.AsMemory(_length));
                _length += buffer.Length;
            }
            else
            {
                await SendGatheredAsync();
                await SendAsync(buffer);
            }
        }
        finally
        {
            _one.Release();
        }
    }

    public override Task WriteAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        WriteAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) => inner.ReadAsync(buffer, cancellationToken);

    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        inner.ReadAsync(buffer, offset, count, cancellationToken);

    // A write to the connection is a flush.
    public override Task FlushAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public override void Flush()
    {
        // As above.
    }

    public override int Read(byte[] buffer, int offset, int count) => inner.Read(buffer, offset, count);

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            inner.Dispose();
        }

        base.Dispose(disposing);
    }

    private async ValueTask SendRestAsync()
    {
        await _one.WaitAsync(Left);
        try
        {
            _isCorked = false;
            await SendGatheredAsync();
        }
        finally
        {
            _one.Release();
        }
    }

    private async ValueTask SendGatheredAsync()
    {
        if (_length > 0)
        {
            await SendAsync(_gathered.AsMemory(0, _length));
            _length = 0;
        }

        if (!_isCorked && _gathered is { } buffer)
        {
            _gathered = null;
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    private async ValueTask SendAsync(ReadOnlyMemory<byte> bytes)
    {
        if (Patience == Timeout.InfiniteTimeSpan && !Left.CanBeCanceled)
        {
            await inner.WriteAsync(bytes, CancellationToken.None);
            return;
        }

        using var timeUp = new CancellationTokenSource(Patience, Time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(Left, timeUp.Token);
        try
        {
            await inner.WriteAsync(bytes, either.Token);
        }
        catch
        {
            IsBroken = true;
            throw;
        }
    }
}

/// <summary>Stands between the WebSocket that is accepted and its connection: the library does the handshake and the frames, and knows nothing of it.</summary>
internal sealed class CorkedUpgrade(IHttpUpgradeFeature inner) : IHttpUpgradeFeature
{
    /// <summary>The connection, once it is one.</summary>
    public CorkedStream? Stream { get; private set; }

    public bool IsUpgradableRequest => inner.IsUpgradableRequest;

    public async Task<Stream> UpgradeAsync() => Stream = new CorkedStream(await inner.UpgradeAsync());
}
