using System.Buffers.Binary;
using Relay.Contracts;

namespace Relay.Server.Storage.Embedded;

/// <summary>A place in a log: before the record at <paramref name="Position"/>; the log stood at <paramref name="Tally"/> there.</summary>
internal readonly record struct ReaderPlace(Segment? Segment, long Position, LogTally Tally);

/// <summary>Finds the place where a reader begins: the last index entry that is surely before it, then record by record.</summary>
internal sealed class ReaderStart(EmbeddedSessionLog log)
{
    private delegate bool Stop(in RecordHeader header, ReadOnlySpan<byte> payload);

    /// <param name="from">Where to begin.</param>
    /// <param name="place">The place.</param>
    /// <param name="notBefore">Per output: bytes below this offset are not wanted.</param>
    /// <param name="notices">Receives what the reader must be told first.</param>
    /// <exception cref="RelayException">Another incarnation's cursor, or an offset beyond the end.</exception>
    public void Resolve(ReadFrom from, out ReaderPlace place, long[] notBefore, List<LogEntry> notices)
    {
        place = from switch
        {
            ReadFrom.Tail => AtTail(),
            ReadFrom.After after => AfterCursor(after.Cursor, notBefore, notices),
            ReadFrom.LastLines last => AtLastLines(last, notBefore),
            ReadFrom.Newline newline => AtNewline(newline),
            ReadFrom.LineStart line => BehindNewline(line.Output, line.Newlines, out notBefore[(int)line.Output - 1]),
            ReadFrom.Since since => Find(entry => entry.LatestMicros < since.Micros, _ => false, (in header, _) => header.TimeMicros >= since.Micros),
            ReadFrom.Offset offset => AtOffset(offset.Output, offset.Position, notBefore),
            _ => new ReaderPlace(null, 0, default),
        };
    }

    private ReaderPlace AtTail()
    {
        var (segment, position, tally) = log.End();
        return new ReaderPlace(segment, position, tally);
    }

    private ReaderPlace AfterCursor(ReadCursor cursor, long[] notBefore, List<LogEntry> notices)
    {
        if (cursor.Incarnation != log.Incarnation)
        {
            throw Errors.Replaced(log.Id);
        }

        var survived = log.LastCommon(cursor.Epoch, cursor.Sequence);
        var place = Find(
            entry => entry.Tally.Sequence <= survived, segment => segment.FirstSequence <= survived + 1, (in header, _) => header.Sequence > survived);
        if (survived < cursor.Sequence)
        {
            if (place.Tally.Sequence > survived)
            {
                // Retention has taken the place where history parted, and with it what is known of it: begin anew, with a gap.
                place = default;
            }

            foreach (var output in OutputTypes.All)
            {
                // What comes in the place of bytes that did not survive is wanted, whatever this reader began with.
                notBefore[(int)output - 1] = Math.Min(notBefore[(int)output - 1], place.Tally[output].Length);
            }

            notices.Add(new LogEntry
            {
                Kind = LogEntryKind.Diverged,
                Sequence = survived,
                Totals = [.. OutputTypes.All.Select(output => new OutputTotal(output, place.Tally[output].Length, place.Tally[output].Crc))],
            });
            return place;
        }

        // What the reader had, not what the log says it should have had: a difference becomes a gap.
        var seen = place.Tally;
        seen.Sequence = cursor.Sequence;
        foreach (var output in OutputTypes.All)
        {
            // A reader that began in the middle of a record may come back before it has read that one.
            seen[output] = new OutputTally(cursor.OffsetOf(output), 0, 0);
            notBefore[(int)output - 1] = Math.Max(notBefore[(int)output - 1], cursor.OffsetOf(output));
        }

        // Trimmed: begin before the oldest segment, so that crossing into it shows what is missing. Also at its very first record: a reader
        // that was sent there, and has not read yet, is still to be told.
        var isTrimmed = log.SegmentAfter(null) is { } oldest && oldest.Header.Base.Sequence >= cursor.Sequence;
        return isTrimmed ? new ReaderPlace(null, 0, seen) : place with { Tally = seen };
    }

    private ReaderPlace AtOffset(OutputType output, long offset, long[] notBefore)
    {
        var end = log.End().Tally[output].Length;
        if (offset < 0 || offset > end)
        {
            throw Errors.BeyondRange(output, offset, end);
        }

        var place = Find(
            entry => entry.Tally[output].Length <= offset,
            segment => segment.TryReadHeader() && segment.Header.Base[output].Length <= offset,
            (in header, payload) => header.Output == output && header.Kind is RecordKind.Data or RecordKind.Gap && End(header, payload) > offset);
        notBefore[(int)output - 1] = offset;
        if (place.Tally[output].Length > offset)
        {
            // Trimmed: begin before the oldest segment, so that crossing into it shows what is missing. From its base, not from the place that
            // was found: records of the other output may come before, and what lies behind the reader would not be taken over in crossing.
            var seen = log.SegmentAfter(null)?.Header.Base ?? place.Tally;
            seen[output] = new OutputTally(offset, 0, 0);
            return place with { Segment = null, Position = 0, Tally = seen };
        }

        return place;

        static long End(in RecordHeader header, ReadOnlySpan<byte> payload) =>
            header.Offset + (header.Kind == RecordKind.Gap ? GapNote.Read(payload).Length : header.PayloadLength);
    }

    private ReaderPlace AtLastLines(ReadFrom.LastLines last, long[] notBefore)
    {
        ReaderPlace? earliest = null;
        foreach (var output in last.Outputs)
        {
            var place = AtLastLines(output, Math.Max(last.Lines, 0), out notBefore[(int)output - 1]);
            if (earliest is not { } other || place.Tally.Sequence < other.Tally.Sequence)
            {
                earliest = place;
            }
        }

        return earliest!.Value;
    }

    private ReaderPlace AtLastLines(OutputType output, long lines, out long offset)
    {
        var end = AtTail();
        var total = end.Tally[output];
        var first = total.Lines - lines + (EndsInNewline(output, total.Length) ? 0 : 1);
        if (lines == 0 || total.Length == 0)
        {
            offset = total.Length;
            return end;
        }

        return BehindNewline(output, first, out offset);
    }

    /// <summary>Where newline number <paramref name="number"/> of some outputs is. What retention took before it is told.</summary>
    private ReaderPlace AtNewline(ReadFrom.Newline newline)
    {
        var counted = 0L;
        return newline.Newlines <= 0
            ? default
            : Find(
                entry => Count(entry.Tally) < newline.Newlines,
                segment => segment.TryReadHeader() && Count(segment.Header.Base) < newline.Newlines,
                (in header, _) =>
                {
                    counted += header.Kind == RecordKind.Data && newline.Outputs.Contains(header.Output) ? header.Newlines : 0;
                    return counted >= newline.Newlines;
                },
                tally => counted = Count(tally));

        long Count(in LogTally tally)
        {
            var count = 0L;
            foreach (var output in newline.Outputs)
            {
                count += tally[output].Lines;
            }

            return count;
        }
    }

    private ReaderPlace BehindNewline(OutputType output, long first, out long offset)
    {
        if (log.SegmentAfter(null) is { } oldest && first <= oldest.Header.Base[output].Lines)
        {
            // All that is kept, be it fewer lines than wanted: who asks for the last ones does not ask about the ones before.
            offset = oldest.Header.Base[output].Length;
            return new ReaderPlace(oldest, SegmentHeader.PageSize, oldest.Header.Base);
        }

        // The wanted text begins right behind newline number `first`.
        var begin = 0L;
        var counted = 0L;
        var place = Find(
            entry => entry.Tally[output].Lines < first,
            segment => segment.TryReadHeader() && segment.Header.Base[output].Lines < first,
            (in header, payload) =>
            {
                if (header.Output != output || header.Kind != RecordKind.Data)
                {
                    return false;
                }

                if (counted + header.Newlines < first)
                {
                    counted += header.Newlines;
                    return false;
                }

                begin = header.Offset + BehindNewline(payload, first - counted);
                return true;
            },
            tally =>
            {
                counted = tally[output].Lines;
                begin = tally[output].Length;
            });
        offset = begin;
        return place;
    }

    private bool EndsInNewline(OutputType output, long length)
    {
        if (length == 0)
        {
            return true;
        }

        var last = (byte)0;
        Find(
            entry => entry.Tally[output].Length < length,
            segment => segment.TryReadHeader() && segment.Header.Base[output].Length < length,
            (in header, payload) =>
            {
                if (header.Output == output && header.Kind == RecordKind.Data && header.Offset < length && header.Offset + payload.Length >= length)
                {
                    last = payload[(int)(length - header.Offset - 1)];
                    return true;
                }

                return false;
            });
        return last == (byte)'\n';
    }

    private static int BehindNewline(ReadOnlySpan<byte> payload, long number)
    {
        var at = 0;
        for (var i = 0L; i < number; i++)
        {
            at += payload[at..].IndexOf((byte)'\n') + 1;
        }

        return at;
    }

    /// <param name="isBefore">Whether an index entry is surely not beyond the place.</param>
    /// <param name="beginsBefore">Whether a segment's first record is surely not beyond the place; the last such segment is searched. Asked before the first page is read.</param>
    /// <param name="stop">Whether the record is the first one behind the place.</param>
    /// <param name="begin">Told where the record by record search begins.</param>
    private ReaderPlace Find(Predicate<IndexEntry> isBefore, Predicate<Segment> beginsBefore, Stop stop, Action<LogTally>? begin = null)
    {
        // Taken before the search: what is appended meanwhile lies behind this place and must be read, not skipped.
        var end = AtTail();
        var segments = log.Segments();
        if (segments.Count == 0)
        {
            return end;
        }

        var first = segments.FindLastIndex(segment => beginsBefore(segment) && segment.TryReadHeader());
        if (first < 0)
        {
            first = segments.FindIndex(segment => segment.TryReadHeader());
        }

        for (var i = Math.Max(first, 0); i < segments.Count; i++)
        {
            var segment = segments[i];
            if (!segment.TryReadHeader())
            {
                continue; // Whoever reads on past it is told what is missing.
            }

            var from = LastEntry(segment, isBefore);

            if (i == first)
            {
                begin?.Invoke(from.Tally);
            }

            if (FindIn(segment, from, stop) is { } place)
            {
                return place;
            }
        }

        return end;
    }

    /// <summary>The last index entry that is surely before the place, or the begin of the segment.</summary>
    private static IndexEntry LastEntry(Segment segment, Predicate<IndexEntry> isBefore)
    {
        var entries = SegmentIndex.ReadAll(segment);
        using var file = entries.Count > 0 ? segment.TryOpenForReading() : null;
        if (file is not null)
        {
            // From the last one back, by what it says and by the record that it was written for.
            Span<byte> crc = stackalloc byte[sizeof(uint)];
            for (var i = entries.Count - 1; i >= 0; i--)
            {
                if (isBefore(entries[i]) && file.ReadWhatCanBeRead(crc, entries[i].Position) == crc.Length
                    && BinaryPrimitives.ReadUInt32LittleEndian(crc) == entries[i].RecordCrc)
                {
                    return entries[i];
                }
            }
        }

        return new IndexEntry(SegmentHeader.PageSize, 0, segment.Header.Base);
    }

    private static ReaderPlace? FindIn(Segment segment, IndexEntry from, Stop stop)
    {
        using var file = segment.TryOpenForReading();
        if (file is null)
        {
            return null; // Trimmed in this moment.
        }

        using var walker = new SegmentWalker(file, segment.Header.Salt, from.Position);
        var tally = from.Tally;
        var limit = segment.Length;
        while (true)
        {
            var position = walker.Position;
            switch (walker.Next(limit, out var header, out var payload))
            {
                case WalkResult.Record when stop(header, payload.Span):
                    return new ReaderPlace(segment, position, tally);
                case WalkResult.Record:
                    tally.Apply(header, header.Kind == RecordKind.Gap ? GapNote.Read(payload.Span).Length : 0);
                    break;
                case WalkResult.Damaged when walker.Resync(limit):
                    break;
                default:
                    return null;
            }
        }
    }
}
