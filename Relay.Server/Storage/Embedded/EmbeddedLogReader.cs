using System.Buffers;
using Relay.Contracts;

namespace Relay.Server.Storage.Embedded;

/// <summary>
/// A cursor over one log. It reads from the hot tail where that reaches, else from the file, and says by itself where bytes are missing: it
/// knows which offset of each output comes next, so whatever the cause, a jump becomes a gap.
/// </summary>
internal sealed class EmbeddedLogReader : ILogReader
{
    // Room for what stands before the records of a batch, as long as they are not tiny.
    private const int BufferAllowance = 16 * 1024;

    private readonly EmbeddedSessionLog _log;
    private readonly List<LogEntry> _notices = [];
    private readonly long[] _notBefore = new long[OutputTallies.Capacity];
    private Segment? _segment;
    private long _position;
    private LogTally _seen;
    private int _generation;
    private int _epoch;
    private readonly List<HotBlock> _blocks = [];
    private byte[]? _copy;
    private IStoreFile? _file;
    private SegmentWalker? _walker;
    private bool _isDisposed;

    public EmbeddedLogReader(EmbeddedSessionLog log, ReadFrom from)
    {
        _log = log;
        _generation = log.Generation;
        _epoch = log.CurrentEpoch;
        new ReaderStart(log).Resolve(from, out var place, _notBefore, _notices);
        Go(place);
    }

    public ReadCursor Cursor =>
        new(_log.Incarnation, _epoch, _seen.Sequence, Next(OutputType.Stdout), Next(OutputType.Stderr));

    public long LinesBefore(OutputType output) => _seen[output].Lines;

    public bool Read(List<LogEntry> entries, int maxBytes)
    {
        var before = entries.Count;
        while (true)
        {
            ReleaseBlocks();
            if (_generation != _log.Generation)
            {
                FindPlaceAnew();
            }

            if (_notices.Count > 0)
            {
                entries.AddRange(_notices);
                _notices.Clear();
                return true;
            }

            var seen = _seen;
            var isMore = ReadOn(entries, maxBytes);
            if (_generation == _log.Generation)
            {
                return isMore;
            }

            // Cut back meanwhile: what was read may be of both histories.
            entries.RemoveRange(before, entries.Count - before);
            _seen = seen;
        }
    }

    public void Rest()
    {
        ReleaseBlocks();
        _walker?.ReleaseBuffer();
    }

    public void Dispose()
    {
        if (_isDisposed)
        {
            return;
        }

        _isDisposed = true;
        ReleaseBlocks();
        CloseFile();
        _log.ReaderLeft();
    }

    private bool ReadOn(List<LogEntry> entries, int maxBytes)
    {
        var before = entries.Count;
        while (entries.Count == before)
        {
            if (_segment is null || _position >= _segment.Length)
            {
                if (!Advance(entries))
                {
                    CloseFile(); // A reader that waits holds neither a buffer nor a file.
                    return entries.Count > before;
                }
            }
            else if (_log.RentHot(_segment, _position) is { } block)
            {
                CloseFile();
                ReadHot(block, entries, maxBytes);
            }
            else
            {
                ReadFile(entries, maxBytes);
            }
        }

        return true;
    }

    /// <summary>The offset of the next byte for this reader.</summary>
    private long Next(OutputType output) => Math.Max(_seen[output].Length, _notBefore[(int)output - 1]);

    private void Go(ReaderPlace place)
    {
        CloseFile();
        (_segment, _position, _seen) = (place.Segment, place.Position, place.Tally);
    }

    /// <summary>The log was cut back: what this reader saw beyond the cut did not survive.</summary>
    private void FindPlaceAnew()
    {
        var generation = _log.Generation;
        var epoch = _log.CurrentEpoch;
        new ReaderStart(_log).Resolve(new ReadFrom.After(Cursor), out var place, _notBefore, _notices);
        (_generation, _epoch) = (generation, epoch);
        Go(place);
    }

    /// <summary>At the end of a segment: on to the next, if there is one.</summary>
    private bool Advance(List<LogEntry> entries)
    {
        var next = _log.SegmentAfter(_segment);
        if (next is not null && _segment is not null && _position < _segment.Length)
        {
            return true; // It grew before it was sealed: read that first.
        }

        if (next is not null)
        {
            var reason = _log.IsOldest(next) ? GapReason.Trimmed : GapReason.Corrupt;
            Go(new ReaderPlace(next, SegmentHeader.PageSize, _seen));
            JumpTo(next.Header.Base, reason, entries);
            return true;
        }

        if (_log.End() is var end && end.Segment == _segment && end.Position == _position)
        {
            // Damage at the very end, or an end that is missing, has no following record that would show the jump. Without damage
            // no segment at all is left when retention took what was durable, and the rest was cut.
            JumpTo(end.Tally, end.Segment is null && !_log.HasLostItsSegments ? GapReason.Trimmed : GapReason.Corrupt, entries);
        }

        return false;
    }

    /// <summary>Reads from this block and those behind it, until the batch is full, or comes out of as many bytes as a file reader's buffer has, however small its records are.</summary>
    private void ReadHot(HotBlock first, List<LogEntry> entries, int maxBytes)
    {
        var (end, budget) = (_position + BufferFor(maxBytes), maxBytes);
        for (var block = first; ;)
        {
            var before = entries.Count;
            var isCopied = block.Capacity > BufferFor(maxBytes);
            var isFull = false;
            try
            {
                var records = Until(end, block);
                isFull = !ReadRecords(isCopied ? Copy(records, maxBytes) : records, entries, maxBytes, ref budget);
            }
            finally
            {
                if (entries.Count > before && !isCopied)
                {
                    _blocks.Add(block);
                }
                else
                {
                    block.Release();
                }
            }

            if (isFull || isCopied || _position >= end || _log.RentHot(_segment!, _position) is not { } next)
            {
                return;
            }

            block = next;
        }
    }

    /// <summary>What the block has from here on, up to a position.</summary>
    private ReadOnlyMemory<byte> Until(long end, HotBlock block)
    {
        end = Math.Min(end, Math.Min(block.Start + block.Length, _segment!.Length));
        return block.Memory[(int)(_position - block.Start)..(int)(end - block.Start)];
    }

    /// <summary>Who asks for little may take nothing for long, and must not keep a large block meanwhile: it reads from memory of its own.</summary>
    private ReadOnlyMemory<byte> Copy(ReadOnlyMemory<byte> records, int maxBytes)
    {
        _copy ??= ArrayPool<byte>.Shared.Rent(BufferFor(maxBytes));
        records.CopyTo(_copy);
        return _copy.AsMemory(0, records.Length);
    }

    /// <summary>Reads whole records of the hot tail. They never left this process: their checksums need no proof.</summary>
    /// <returns>Whether there is room for more.</returns>
    private bool ReadRecords(ReadOnlyMemory<byte> records, List<LogEntry> entries, int maxBytes, ref int budget)
    {
        while (!records.IsEmpty)
        {
            if (records.Length < RecordHeader.Size)
            {
                return false; // Cut off by the end of what was asked for.
            }

            if (!RecordHeader.TryRead(records.Span, _segment!.Header.Salt, out var header))
            {
                throw new InvalidOperationException("The hot tail does not hold whole records.");
            }

            if (header.RecordLength > records.Length || (budget < maxBytes && header.PayloadLength > budget))
            {
                return false;
            }

            _position += header.RecordLength;
            budget -= Take(header, records.Slice(RecordHeader.Size, header.PayloadLength), entries);
            records = records[header.RecordLength..];
            if (budget <= 0)
            {
                return false;
            }
        }

        return true;
    }

    private void ReadFile(List<LogEntry> entries, int maxBytes)
    {
        var limit = _segment!.Length;
        var before = entries.Count;
        if (_walker is null && !TryOpenFile(maxBytes))
        {
            _position = limit; // Trimmed before it was opened: the next segment shows what is missing.
            return;
        }

        _walker!.Seek(_position);
        _walker.Fill(limit);
        for (var budget = maxBytes; budget > 0;)
        {
            var result = _walker.TryNext(limit, out var header, out var payload);
            if (result == WalkResult.Damaged)
            {
                if (entries.Count == before)
                {
                    _walker.Resync(limit);
                    _position = _walker.Position;
                }

                return;
            }

            if (result != WalkResult.Record)
            {
                return;
            }

            if (budget < maxBytes && header.PayloadLength > budget)
            {
                return; // The next call reads it again.
            }

            _position = _walker.Position;
            budget -= Take(header, payload, entries);
        }
    }

    /// <summary>Makes an entry of a record, if it has something for readers.</summary>
    /// <returns>How much of the batch it takes up.</returns>
    private int Take(in RecordHeader header, ReadOnlyMemory<byte> payload, List<LogEntry> entries)
    {
        var output = header.Output;
        if (header.Kind is RecordKind.Data or RecordKind.Gap && header.Offset > _seen[output].Length)
        {
            AddGap(output, _seen[output].Length, header.Offset, GapReason.Corrupt, entries);
        }

        var gap = header.Kind == RecordKind.Gap ? GapNote.Read(payload.Span) : null;
        _seen.Apply(header, gap?.Length ?? 0);
        if (gap is not null)
        {
            AddGap(output, header.Offset, header.Offset + gap.Length, gap.Reason, entries);
        }

        if (header.Kind != RecordKind.Data)
        {
            return RecordHeader.Size;
        }

        var skip = (int)Math.Clamp(_notBefore[(int)output - 1] - header.Offset, 0, header.PayloadLength);
        if (skip < header.PayloadLength)
        {
            entries.Add(new LogEntry
            {
                Kind = LogEntryKind.Data,
                Output = output,
                Offset = header.Offset + skip,
                Sequence = header.Sequence,
                TimeMicros = header.TimeMicros,
                Data = payload[skip..],
            });
        }

        return header.PayloadLength;
    }

    private void JumpTo(in LogTally tally, GapReason reason, List<LogEntry> entries)
    {
        foreach (var output in OutputTypes.All)
        {
            if (tally[output].Length > _seen[output].Length)
            {
                AddGap(output, _seen[output].Length, tally[output].Length, reason, entries);
                _seen[output] = tally[output];
            }
        }

        _seen.Sequence = Math.Max(_seen.Sequence, tally.Sequence);
    }

    private void AddGap(OutputType output, long from, long to, GapReason reason, List<LogEntry> entries)
    {
        from = Math.Max(from, _notBefore[(int)output - 1]);
        if (from < to)
        {
            entries.Add(new LogEntry { Kind = LogEntryKind.Gap, Output = output, Offset = from, Length = to - from, Gap = reason, Sequence = _seen.Sequence });
        }
    }

    private bool TryOpenFile(int maxBytes)
    {
        _file = _segment!.TryOpenForReading();
        _walker = _file is null ? null : new SegmentWalker(_file, _segment.Header.Salt, _position, BufferFor(maxBytes));
        return _walker is not null;
    }

    private static int BufferFor(int batchBytes) => Math.Max(batchBytes + BufferAllowance, SegmentWalker.SmallestBuffer);

    private void ReleaseBlocks()
    {
        foreach (var block in _blocks)
        {
            block.Release();
        }

        _blocks.Clear();
        if (_copy is not null)
        {
            ArrayPool<byte>.Shared.Return(_copy);
            _copy = null;
        }
    }

    private void CloseFile()
    {
        _walker?.Dispose();
        _walker = null;
        _file?.Dispose();
        _file = null;
    }
}
