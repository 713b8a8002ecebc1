using System.Runtime.InteropServices;
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
            ReadFrom.After after => AfterCursor(after.Cursor, notices),
            ReadFrom.LastLines last => AtLastLines(last, notBefore),
            ReadFrom.Since since => Find(entry => entry.TimeMicros < since.Micros, _ => false, (in header, _) => header.TimeMicros >= since.Micros),
            ReadFrom.Offset offset => AtOffset(offset.Output, offset.Position, notBefore),
            _ => new ReaderPlace(null, 0, default),
        };
    }

    private ReaderPlace AtTail()
    {
        var (segment, position, tally) = log.End();
        return new ReaderPlace(segment, position, tally);
    }

    private ReaderPlace AfterCursor(ReadCursor cursor, List<LogEntry> notices)
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
        seen[OutputType.Stdout] = new OutputTally(cursor.StdoutOffset, 0, 0);
        seen[OutputType.Stderr] = new OutputTally(cursor.StderrOffset, 0, 0);

        // Trimmed: begin before the oldest segment, so that crossing into it shows what is missing.
        var isTrimmed = log.SegmentAfter(null) is { } oldest && oldest.Header.Base.Sequence > cursor.Sequence;
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
            segment => segment.Header.Base[output].Length <= offset,
            (in header, _) => header.Output == output && header.Kind is RecordKind.Data or RecordKind.Gap && Ends(header, offset));
        notBefore[(int)output - 1] = offset;
        if (place.Tally[output].Length > offset)
        {
            // Trimmed: begin before the oldest segment, so that crossing into it shows what is missing.
            var seen = place.Tally;
            seen[output] = new OutputTally(offset, 0, 0);
            return place with { Segment = null, Position = 0, Tally = seen };
        }

        return place;

        static bool Ends(in RecordHeader header, long offset) => header.Kind == RecordKind.Gap || header.Offset + header.PayloadLength > offset;
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
            segment => segment.Header.Base[output].Lines < first,
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
            segment => segment.Header.Base[output].Length < length,
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
    /// <param name="beginsBefore">Whether a segment's first record is surely not beyond the place; the last such segment is searched.</param>
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

        var first = Math.Max(segments.FindLastIndex(beginsBefore), 0);
        for (var i = first; i < segments.Count; i++)
        {
            var segment = segments[i];
            var from = new IndexEntry(SegmentHeader.PageSize, 0, segment.Header.Base);
            foreach (var entry in CollectionsMarshal.AsSpan(SegmentIndex.ReadAll(segment)))
            {
                if (!isBefore(entry))
                {
                    break;
                }

                from = entry;
            }

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
