using Relay.Contracts;
using Relay.Server.Storage;

namespace Relay.Server.Lines;

/// <summary>Makes the pages that <see cref="HubRoutes.ReadLines"/> answers with.</summary>
internal static class LinePages
{
    private const int MaxPageBytes = 1024 * 1024;

    /// <summary>A page costs no more than this much reading, but that of one line.</summary>
    private const long MaxWalkedBytes = 8 * 1024 * 1024;

    /// <summary>Lines between two that are wanted which are read all the same.</summary>
    private const long Near = 100;

    private const int MaxTries = 5;

    public static LinePage Read(ISessionLog log, LinesRequest request, IReadOnlyList<OutputType> outputs)
    {
        for (var left = MaxTries; ; left--)
        {
            var page = request.At.Count > 0 ? At(log, outputs, request.At)
                : request.First < 0 ? Last(log, outputs, -request.First)
                : From(log, outputs, request.First, request.Count);
            if (page is not null)
            {
                return page;
            }

            if (left == 1)
            {
                throw new RelayException(RelayErrorCode.StorageFailed, "The log was cut back while it was read, again and again. Try again.");
            }
        }
    }

    /// <returns>Null when the log was cut back meanwhile.</returns>
    private static LinePage? From(ISessionLog log, IReadOnlyList<OutputType> outputs, long first, int count)
    {
        var snapshot = log.Snapshot();
        first = Math.Max(first, Kept(snapshot, outputs));
        var wanted = new Window(first, first + count);
        var begin = first <= Kept(snapshot, outputs) ? 0 : first;
        while (true)
        {
            using var walk = new LineWalk(log, outputs, begin, wanted);
            while (!wanted.IsFull && walk.Read())
            {
                if (walk.HasDiverged)
                {
                    return null;
                }

                if (walk.Bytes > MaxWalkedBytes)
                {
                    break;
                }
            }

            if (wanted.Lines > 0 || begin > first || walk.Bytes <= MaxWalkedBytes)
            {
                return new LinePage { Outputs = Places(snapshot), Entries = wanted.Entries };
            }

            begin = first + 1; // A line of gigabytes: to its end at once, which finds its beginning from there.
        }
    }

    /// <summary>Lines that lie apart, as far as the page holds them.</summary>
    private static LinePage? At(ISessionLog log, IReadOnlyList<OutputType> outputs, IReadOnlyList<long> positions)
    {
        List<PageEntry> entries = [];
        var wanted = positions.ToHashSet();
        var bytes = 0;
        for (var i = 0; i < positions.Count && bytes < MaxPageBytes;)
        {
            // Neighbours come with one walk.
            var last = i;
            while (last + 1 < positions.Count && positions[last + 1] - positions[last] <= Near && positions[last + 1] - positions[i] < LinePage.MaxLines)
            {
                last++;
            }

            var (first, count) = (positions[i], (int)(positions[last] - positions[i]) + 1);
            if (From(log, outputs, first, count) is not { } page)
            {
                return null;
            }

            var lines = page.Entries.Where(entry => entry.Ends && wanted.Contains(PositionOf(entry))).ToList();
            entries.AddRange(lines);
            bytes += lines.Sum(line => line.Head.Length + line.Tail.Length);

            // What the page passed over, because retention or damage took it, is not asked for again.
            var passed = page.Entries.LastOrDefault(entry => entry.Ends) is { } end ? PositionOf(end) : positions[last];
            while (i < positions.Count && positions[i] <= passed)
            {
                i++;
            }
        }

        return new LinePage { Outputs = Places(log.Snapshot()), Entries = entries };

        long PositionOf(PageEntry line) => outputs.Count == 1 ? line.Index : line.Number;
    }

    /// <summary>The last lines, and all that follows up to the tail.</summary>
    private static LinePage? Last(ISessionLog log, IReadOnlyList<OutputType> outputs, long count)
    {
        var snapshot = log.Snapshot();
        var (total, kept) = (outputs.Sum(output => snapshot[output].Lines), Kept(snapshot, outputs));
        for (count = Math.Min(count, LinePage.MaxLines); ; count /= 2)
        {
            var first = Math.Max(total - count, kept);
            var wanted = new Window(first, long.MaxValue) { MostLines = (int)count };
            using var walk = new LineWalk(log, outputs, first <= kept ? 0 : first, wanted);
            if (count > 0 && Length(snapshot) - Length(walk.Cursor) > MaxWalkedBytes)
            {
                continue; // Lines are long: fewer of them.
            }

            while (walk.Read())
            {
                if (walk.HasDiverged)
                {
                    return null;
                }
            }

            return new LinePage
            {
                Cursor = walk.Cursor.ToString(),
                Outputs = [.. OutputTypes.All.Select(output => new OutputPlace
                {
                    Output = output,
                    Lines = walk.Lines(output),
                    Offset = walk.Cursor.OffsetOf(output),
                    FirstLine = snapshot[output].FirstLine,
                    Open = walk.OpenToGoOn(output),
                })],
                Entries = wanted.Entries,
            };
        }
    }

    private static long Kept(LogSnapshot snapshot, IReadOnlyList<OutputType> outputs) => outputs.Sum(output => snapshot[output].FirstLine);

    private static long Length(LogSnapshot snapshot) => snapshot.Outputs.Sum(output => output.Length);

    private static long Length(ReadCursor cursor) => cursor.StdoutOffset + cursor.StderrOffset;

    private static IReadOnlyList<OutputPlace> Places(LogSnapshot snapshot) =>
        [.. snapshot.Outputs.Select(output => new OutputPlace { Output = output.Output, Lines = output.Lines, Offset = output.Length, FirstLine = output.FirstLine })];

    /// <summary>The lines from one number to another, as far as a page holds them.</summary>
    private sealed class Window(long first, long end) : ILineVisitor
    {
        private readonly Queue<PageEntry> _entries = new();
        private long _bytes;

        /// <summary>Of a window without an end: how many of its last lines are kept.</summary>
        public int MostLines { get; init; } = int.MaxValue;

        public int Lines { get; private set; }

        public bool IsFull { get; private set; }

        public IReadOnlyList<PageEntry> Entries => [.. _entries];

        public void Line(in WalkedLine line)
        {
            if (line.Position < first || IsFull)
            {
                return;
            }

            if (line.Position >= end)
            {
                IsFull = true;
                return;
            }

            Lines += line.Ends ? 1 : 0;
            Add(line.ToEntry());
            IsFull = line.Ends && (line.Position == end - 1 || (end < long.MaxValue && _bytes >= MaxPageBytes));
        }

        public void Gap(in LogEntry gap, long position)
        {
            if (position >= first && !IsFull)
            {
                Add(new PageEntry { Kind = LogEntryKind.Gap, Output = gap.Output, Offset = gap.Offset, Length = gap.Length, Gap = gap.Gap });
            }
        }

        private void Add(PageEntry entry)
        {
            _entries.Enqueue(entry);
            _bytes += entry.Head.Length + entry.Tail.Length;
            while (end == long.MaxValue && _entries.Count > 1 && (Lines > MostLines || _bytes > MaxPageBytes))
            {
                var oldest = _entries.Dequeue();
                _bytes -= oldest.Head.Length + oldest.Tail.Length;
                Lines -= oldest.Ends ? 1 : 0;
            }
        }
    }
}
