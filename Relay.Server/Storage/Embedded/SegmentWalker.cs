using System.Buffers;
using Relay.Contracts;

namespace Relay.Server.Storage.Embedded;

/// <summary>What <see cref="SegmentWalker.TryNext"/> found.</summary>
internal enum WalkResult
{
    /// <summary>A whole, verified record.</summary>
    Record,

    /// <summary>The limit: no record begins here.</summary>
    End,

    /// <summary>The buffer is used up; <see cref="SegmentWalker.Fill"/> and go on.</summary>
    NeedFill,

    /// <summary>The bytes here are not a whole record.</summary>
    Damaged,
}

/// <summary>Walks over the records of one segment file, verifying each. Payloads point into a pooled buffer and are valid until the next <see cref="Fill"/>.</summary>
/// <param name="file">The file.</param>
/// <param name="salt">Of the segment.</param>
/// <param name="position">Where to begin.</param>
/// <param name="bufferBytes">How much is read at a time, at least <see cref="SmallestBuffer"/>.</param>
internal sealed class SegmentWalker(IStoreFile file, uint salt, long position, int bufferBytes = SegmentWalker.SmallestBuffer) : IDisposable
{
    /// <summary>Room for one record of the greatest length, so that a filled buffer always makes progress.</summary>
    public const int SmallestBuffer = 64 * 1024;

    private byte[]? _buffer;
    private long _bufferStart;
    private int _bufferLength;

    /// <summary>Where the next record begins.</summary>
    public long Position { get; private set; } = position;

    /// <summary>Goes on at the record that begins at <paramref name="position"/>, after a <see cref="Fill"/>.</summary>
    public void Seek(long position) => Position = position;

    /// <summary>Reads ahead from <see cref="Position"/>, never beyond <paramref name="limit"/>.</summary>
    public void Fill(long limit)
    {
        _buffer ??= ArrayPool<byte>.Shared.Rent(bufferBytes);
        _bufferStart = Position;
        _bufferLength = 0; // Should the read fail, nothing is taken for read.
        _bufferLength = file.ReadWhatCanBeRead(_buffer.AsSpan(0, (int)Math.Clamp(limit - Position, 0, bufferBytes)), Position);
    }

    /// <summary>Takes the next record out of the buffer.</summary>
    public WalkResult TryNext(long limit, out RecordHeader header, out ReadOnlyMemory<byte> payload)
    {
        header = default;
        payload = default;
        if (Position >= limit)
        {
            return WalkResult.End;
        }

        var at = (int)(Position - _bufferStart);
        var available = _bufferLength - at;
        var more = _bufferStart + _bufferLength < limit && at > 0;
        if (available < RecordHeader.Size)
        {
            return more || _buffer is null ? WalkResult.NeedFill : WalkResult.Damaged;
        }

        if (!RecordHeader.TryRead(_buffer.AsSpan(at, available), salt, out header))
        {
            return WalkResult.Damaged;
        }

        if (available < header.RecordLength)
        {
            return more ? WalkResult.NeedFill : WalkResult.Damaged;
        }

        payload = _buffer.AsMemory(at + RecordHeader.Size, header.PayloadLength);
        if (Crc32C.Append(0, payload.Span) != header.PayloadCrc)
        {
            return WalkResult.Damaged;
        }

        Position += header.RecordLength;
        return WalkResult.Record;
    }

    /// <summary>As <see cref="TryNext"/>, filling as needed; the payload is valid until the next call.</summary>
    public WalkResult Next(long limit, out RecordHeader header, out ReadOnlyMemory<byte> payload)
    {
        var result = TryNext(limit, out header, out payload);
        if (result == WalkResult.NeedFill)
        {
            Fill(limit);
            result = TryNext(limit, out header, out payload);
        }

        return result;
    }

    /// <summary>Moves to the next whole record behind the damage.</summary>
    /// <returns><c>false</c> when there is none before <paramref name="limit"/>; the position is then the limit.</returns>
    public bool Resync(long limit)
    {
        while (Position < limit)
        {
            Position++;
            var at = (int)(Position - _bufferStart);
            if (_buffer is null || at < 0 || _bufferLength - at < RecordHeader.Size)
            {
                Fill(limit);
                at = 0;
                if (_bufferLength < RecordHeader.Size)
                {
                    break;
                }
            }

            if (RecordHeader.TryRead(_buffer.AsSpan(at, _bufferLength - at), salt, out _))
            {
                // A head that passes with a payload that does not is damage of its own: TryNext decides, and the search goes on from there.
                var here = Position;
                if (Next(limit, out _, out _) == WalkResult.Record)
                {
                    Position = here;
                    return true;
                }

                Position = here;
            }
        }

        Position = limit;
        return false;
    }

    /// <summary>Gives the buffer back; <see cref="Fill"/> takes another.</summary>
    public void ReleaseBuffer()
    {
        if (_buffer is not null)
        {
            ArrayPool<byte>.Shared.Return(_buffer);
            _buffer = null;
        }
    }

    public void Dispose() => ReleaseBuffer();
}
