namespace Relay.Client.Spooling;

/// <summary>Reads the records of a segment in order, through a window over the file.</summary>
internal sealed class SpoolReader
{
    // As much as the largest item takes: a call of the system costs as much as many bytes.
    private const int WindowBytes = SpoolBlock.Size + (6 * SpoolRecord.HeaderBytes) + SpoolRecord.MaxBytes;

    private byte[] _window = [];
    private SpoolSegment? _segment;
    private long _windowAt;
    private int _windowLength;

    /// <summary>Offset of the next record within the segment.</summary>
    public long Offset { get; private set; }

    /// <summary>Goes to the segment's first record.</summary>
    public void Begin(SpoolSegment segment)
    {
        _segment = segment;
        SkipTo(SpoolSegment.HeaderBytes);
    }

    /// <summary>Shows the next record whose header is whole, without moving on.</summary>
    /// <param name="limit">Where the segment ends. What lies behind it, left by a write that failed, is not looked at.</param>
    /// <param name="record">The header.</param>
    /// <param name="body">Bytes and checkpoint; fewer than the header says when the segment ends before. Valid until the next call.</param>
    public bool TryPeek(long limit, out SpoolRecord record, out ReadOnlySpan<byte> body)
    {
        body = default;
        if (!SpoolRecord.TryRead(Show(SpoolRecord.HeaderBytes, limit), out record))
        {
            return false;
        }

        body = Show(record.TotalBytes, limit)[SpoolRecord.HeaderBytes..];
        return true;
    }

    /// <summary>After damage: goes to the next place at which the header of a record is whole.</summary>
    /// <returns><c>false</c> when there is none; then this is the end.</returns>
    public bool TrySkipDamage(long limit)
    {
        ReadOnlySpan<byte> shown;
        do
        {
            Offset++;
            shown = Show(SpoolRecord.HeaderBytes, limit);
        }
        while (shown.Length == SpoolRecord.HeaderBytes && !SpoolRecord.TryRead(shown, out _));

        return shown.Length == SpoolRecord.HeaderBytes;
    }

    public void SkipTo(long offset)
    {
        Offset = _windowAt = offset;
        _windowLength = 0;
    }

    public void Advance(in SpoolRecord record) => Offset += record.TotalBytes;

    private ReadOnlySpan<byte> Show(int bytes, long limit)
    {
        var at = (int)(Offset - _windowAt);
        if (at + bytes > _windowLength)
        {
            _window = _window.Length > 0 ? _window : GC.AllocateUninitializedArray<byte>(WindowBytes);
            var most = (int)Math.Clamp(limit - Offset, 0, _window.Length);
            (_windowAt, at) = (Offset, 0);
            _windowLength = _segment!.Read(_window.AsSpan(0, most), Offset);
        }

        return _window.AsSpan(at, Math.Min(bytes, _windowLength - at));
    }
}
