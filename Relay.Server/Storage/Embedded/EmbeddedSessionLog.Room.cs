namespace Relay.Server.Storage.Embedded;

// What the log has on disk, and whether there is room for more. All of it under the log's lock.
internal sealed partial class EmbeddedSessionLog
{
    private readonly StoredTotal _total;
    private long _storedBytes;
    private long _prepaid;

    /// <summary>Bytes on disk.</summary>
    public long StoredBytes
    {
        get
        {
            lock (_gate)
            {
                return _storedBytes;
            }
        }
    }

    private bool IsFullRefused => _options.WhenFull == WhenFull.Refuse && (_options.MaxSessionBytes > 0 || _options.MaxTotalBytes > 0);

    /// <summary>Makes sure that there is room for all of an append before any of it is stored.</summary>
    /// <remarks>
    /// Only data asks. What the relay notes of its own, grants and the completion among it, is small, counts, and is always stored: a job must be able to
    /// end when there is no room for its output any more.
    /// </remarks>
    /// <exception cref="Contracts.RelayException">There is none, and nothing is removed to make some.</exception>
    private void ReserveRoom(ReadOnlySpan<int> ends)
    {
        if (!IsFullRefused)
        {
            return;
        }

        var needed = RoomFor(ends);
        if (_options.MaxSessionBytes > 0 && _storedBytes + needed > _options.MaxSessionBytes)
        {
            throw Errors.SessionFull(Id, _options.MaxSessionBytes);
        }

        if (_options.MaxTotalBytes > 0)
        {
            if (!_total.TryAdd(needed, _options.MaxTotalBytes))
            {
                throw Errors.StoreFull(_options.MaxTotalBytes);
            }

            _prepaid = needed;
        }
    }

    /// <summary>Gives back what an append that failed did not use.</summary>
    private void GiveBackRoom()
    {
        if (_prepaid > 0)
        {
            _total.Add(-_prepaid);
            _prepaid = 0;
        }
    }

    private void CountStored(long bytes)
    {
        _storedBytes += bytes;
        var paid = Math.Clamp(bytes, 0, _prepaid);
        _prepaid -= paid;
        _total.Add(bytes - paid);
    }

    /// <summary>After segments came or went.</summary>
    private void CountSegments() => CountStored(_segments.Sum(segment => segment.Length) - _storedBytes);

    /// <summary>What an append takes on disk: its records, and the first pages of the segments that it begins.</summary>
    private long RoomFor(ReadOnlySpan<int> ends)
    {
        var last = _writer?.Segment ?? _segments.LastOrDefault();
        var position = last is null or { IsSealed: true } ? 0 : last.Length;
        long needed = 0;
        for (var i = 0; i < ends.Length; i++)
        {
            var record = RecordHeader.Size + LengthAt(ends, i);
            if (position == 0 || (position + record > _options.SegmentBytes && position > SegmentHeader.PageSize))
            {
                needed += SegmentHeader.PageSize;
                position = SegmentHeader.PageSize;
            }

            needed += record;
            position += record;
        }

        return needed;
    }
}
