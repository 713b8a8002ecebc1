using Relay.Contracts;
using Relay.Server.Storage;

namespace Relay.Server.Lines;

/// <summary>
/// A log as text, up to where it stood when it was asked for: whole lines of some outputs in the order in which they ended, with their very bytes, gaps as
/// lines of their own, and at the end what has begun and not ended. However long a line is, little of it is kept: once it has ended it is read again.
/// </summary>
internal sealed class LogText(ISessionLog log, IReadOnlyList<OutputType> outputs, bool withTimes)
{
    private const int BatchBytes = 48 * 1024;

    /// <summary>
    /// The text in pieces. The memory of one is valid until the next is asked for; an empty one says that much was read for nothing that can be told yet.
    /// </summary>
    /// <exception cref="RelayException">The log was cut back, or retention took the beginning of a line, meanwhile: what was told may not be true any more.</exception>
    public IEnumerable<ReadOnlyMemory<byte>> Read()
    {
        var lines = new TextLines(withTimes, log.CreatedAt);
        using var walk = new LineWalk(log, outputs, newlines: 0, lines) { Until = log.Snapshot().LastSequence };
        var epoch = walk.Cursor.Epoch;
        for (var isMore = true; isMore;)
        {
            isMore = walk.Read();
            ThrowIfCutBack(walk.Cursor, epoch);
            walk.Rest();
            if (!isMore)
            {
                lines.AddOpen(outputs.Select(walk.Open).OfType<PageEntry>());
            }

            var at = 0;
            foreach (var line in lines.Long)
            {
                yield return lines.Text[at..line.At];
                foreach (var piece in ReadAgain(line, epoch))
                {
                    yield return piece;
                }

                at = line.At;
            }

            yield return lines.Text[at..];
            lines.Clear();
        }
    }

    /// <summary>The bytes of a line that was too long to be kept.</summary>
    private IEnumerable<ReadOnlyMemory<byte>> ReadAgain(LongLine line, int epoch)
    {
        var (at, end) = (line.Offset, line.Offset + line.Length);
        using var reader = log.OpenReader(new ReadFrom.Offset(line.Output, at));
        List<LogEntry> entries = [];
        while (at < end)
        {
            entries.Clear();
            var isMore = reader.Read(entries, BatchBytes);
            ThrowIfCutBack(reader.Cursor, epoch);
            foreach (var entry in entries.Where(entry => entry.Output == line.Output && at < end))
            {
                if (entry.Kind != LogEntryKind.Data || entry.Offset != at)
                {
                    throw new RelayException(RelayErrorCode.BytesMissing, $"Bytes of {line.Output.ToName()} from offset {at} were lost while they were read. Ask again.");
                }

                var piece = entry.Data[..(int)Math.Min(entry.Data.Length, end - at)];
                at += piece.Length;
                yield return piece;
            }

            if (!isMore && at < end)
            {
                throw new InvalidOperationException($"The log ends at {at}, within a line up to {end}.");
            }

            yield return default; // Of the other output there may be gigabytes in between.
        }
    }

    /// <summary>Whoever wrote may send something else in the place of what was cut off; only a new epoch shows it, for a reader that was not there yet is told nothing.</summary>
    private static void ThrowIfCutBack(ReadCursor cursor, int epoch)
    {
        if (cursor.Epoch != epoch)
        {
            throw new RelayException(RelayErrorCode.StorageFailed, "The log was cut back while it was read. Ask again.");
        }
    }
}
