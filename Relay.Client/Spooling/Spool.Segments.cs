using Relay.Contracts;

namespace Relay.Client.Spooling;

/// <summary>The segments: on the disk, or in memory while the disk takes none.</summary>
internal sealed partial class Spool
{
    /// <summary>
    /// Writes behind the last record. When the disk takes nothing, because it is full, fails or the folder was removed, some memory does: as
    /// long as the relay takes what is sent, nothing is lost by that.
    /// </summary>
    private bool TryWrite(RecordWriter records, OutputType output)
    {
        try
        {
            if (!HasRoomFor(records.Bytes))
            {
                Add(SpoolSegment.Create(_folder, _lastNumber + 1, _lanes));
            }

            _segments[^1].Append(records.Parts, records.Bytes, output, records.After);
            return true;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            if (_segments.Count(segment => segment.IsInMemory) == MostInMemory)
            {
                return false; // To the writer the same as a spool that is full.
            }

            Add(SpoolSegment.CreateInMemory(_lastNumber + 1, _lanes));
            _segments[^1].Append(records.Parts, records.Bytes, output, records.After);
            return true;
        }
    }

    private bool HasRoomFor(int bytes)
    {
        if (_segments is not [.., var last])
        {
            return false;
        }

        var largest = last.IsInMemory ? MemorySegment : Math.Min(LargestSegment, _limit / SegmentsInLimit);
        return last.Length == SpoolSegment.HeaderBytes || last.Length + bytes <= largest;
    }

    private void Add(SpoolSegment segment)
    {
        _segments.Add(segment);
        _lastNumber = segment.Number;
        _bytes += segment.Length;
    }

    /// <summary>What is left in memory goes to the disk, if that takes it now; else it is known to be missing.</summary>
    private void SaveMemory()
    {
        try
        {
            foreach (var segment in _segments.Where(segment => segment.IsInMemory))
            {
                segment.Save(_folder);
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            _state.SetAccepted(_lanes);
        }
    }

    private void RemoveFirst()
    {
        _bytes -= _segments[0].Length;
        _segments[0].Delete();
        _segments.RemoveAt(0);
        // When it was the one that is read, reading begins anew; what was sent is known by its position.
        _reading = Math.Max(_reading - 1, BeforeFirst);
    }
}
