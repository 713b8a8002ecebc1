using System.Text;
using FluentAssertions;
using Relay.Contracts;
using Relay.Server.Storage;
using Relay.Tests.Storage;
using Relay.Tests.TestKit;

namespace Relay.Tests.Lines;

/// <summary>A line as whoever wrote it knows it.</summary>
internal sealed record WrittenLine(long Number, long Index, OutputType Output, long Offset, string Text, long TimeMicros)
{
    /// <summary>What a page must say of it.</summary>
    public PageEntry ToEntry(bool ends = true)
    {
        var states = Text.Split('\r').Where(state => state.Length > 0).ToList();
        var last = Encoding.Latin1.GetBytes(states.LastOrDefault(""));
        var head = last[..Math.Min(last.Length, PageEntry.MaxHeadBytes)];
        var tail = last[Math.Max(head.Length, last.Length - PageEntry.MaxTailBytes)..];
        var omitted = last.Length - head.Length - tail.Length;
        if (!ends && last.Length > 0 && Text.EndsWith('\r'))
        {
            _ = tail.Length == 0 ? head = [.. head, (byte)'\r'] : tail = [.. tail, (byte)'\r']; // What comes next begins the line anew.
        }

        return new PageEntry
        {
            Kind = LogEntryKind.Data,
            Number = Number,
            Index = Index,
            Output = Output,
            Offset = Offset,
            Length = Text.Length,
            TimeMicros = TimeMicros,
            Head = head,
            Tail = tail,
            Omitted = omitted,
            Ends = ends,
            Redraws = Math.Max(0, states.Count - 1),
        };
    }
}

/// <summary>Writes to both outputs of a log, byte by byte if need be, and keeps what lines that makes. All text is ASCII.</summary>
internal sealed class WrittenLines(ISessionLog log, WriterLease lease, FakeTime time)
{
    private readonly Dictionary<OutputType, (StringBuilder Text, long Offset, long Micros, long Index)> _open = OutputTypes.All.ToDictionary(
        output => output, _ => (new StringBuilder(), 0L, 0L, 0L));

    /// <summary>In the order in which they ended.</summary>
    public List<WrittenLine> Lines { get; } = [];

    /// <summary>Begun and not ended.</summary>
    public IEnumerable<WrittenLine> Open => _open.Where(open => open.Value.Text.Length > 0).Select(open => ToLine(open.Key, Lines.Count));

    public async Task Write(OutputType output, string text)
    {
        time.Advance(TimeSpan.FromMilliseconds(3));
        var end = await log.Write(lease, Encoding.Latin1.GetBytes(text), output);
        var at = end - text.Length;
        var micros = (time.GetUtcNow() - DateTimeOffset.UnixEpoch).Ticks / TimeSpan.TicksPerMicrosecond;
        foreach (var c in text)
        {
            var open = _open[output];
            if (open.Text.Length == 0)
            {
                open = (open.Text, at, micros, open.Index);
            }

            at++;
            _open[output] = open;
            if (c != '\n')
            {
                open.Text.Append(c);
                continue;
            }

            Lines.Add(ToLine(output, Lines.Count));
            open.Text.Clear();
            _open[output] = (open.Text, 0, 0, open.Index + 1);
        }
    }

    /// <summary>Random lines of both outputs in random pieces: short ones, empty ones, long ones, and ones that are redrawn.</summary>
    public async Task WriteAtRandom(Random random, int pieces)
    {
        for (var i = 0; i < pieces; i++)
        {
            var output = random.Next(3) == 0 ? OutputType.Stderr : OutputType.Stdout;
            var text = new StringBuilder();
            for (var parts = random.Next(1, 6); parts > 0; parts--)
            {
                text.Append(random.Next(40) switch
                {
                    0 => new string((char)('a' + random.Next(26)), random.Next(30_000)),
                    < 4 => $"{random.Next(100)} %\r",
                    < 30 => $"{i}: {new string((char)('a' + random.Next(26)), random.Next(120))}\n",
                    < 33 => "\n",
                    _ => "part ",
                });
            }

            await Write(output, text.ToString());
        }
    }

    private WrittenLine ToLine(OutputType output, long number)
    {
        var (text, offset, micros, index) = _open[output];
        return new WrittenLine(number, index, output, offset, text.ToString(), micros);
    }
}

internal static class PageAssertions
{
    /// <summary>A page says the same of its lines as who wrote them, byte by byte.</summary>
    public static void ShouldBe(this IEnumerable<PageEntry> entries, IEnumerable<PageEntry> expected, string because = "") =>
        entries.Select(Describe).Should().Equal(expected.Select(Describe), because);

    public static string Describe(this PageEntry entry) => entry.Kind == LogEntryKind.Gap
        ? $"gap {entry.Output} {entry.Offset}+{entry.Length} {entry.Gap}"
        : $"{entry.Number}/{entry.Index} {entry.Output} {entry.Offset}+{entry.Length} at {entry.TimeMicros}: {Encoding.Latin1.GetString(entry.Head.Span)}"
            + $"|{Encoding.Latin1.GetString(entry.Tail.Span)}| -{entry.Omitted} x{entry.Redraws} {(entry.Ends ? "" : "open")}";
}
