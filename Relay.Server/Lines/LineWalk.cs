using Relay.Contracts;
using Relay.Server.Storage;

namespace Relay.Server.Lines;

/// <summary>
/// Goes through a log line by line, from a place that the index finds. Lines come in the order in which they end: that order is the log's own, so a line
/// has one number for good, whoever counts from wherever.
/// </summary>
internal sealed class LineWalk : IDisposable
{
    private const int BatchBytes = 64 * 1024;

    private readonly ISessionLog _log;
    private readonly IReadOnlyList<OutputType> _outputs;
    private readonly ILineVisitor _visitor;
    private readonly ILogReader _reader;
    private readonly List<LogEntry> _entries = [];
    private readonly OpenOutput[] _open = [new(OutputType.Stdout), new(OutputType.Stderr)];

    /// <param name="log">The log.</param>
    /// <param name="outputs">Those whose lines are wanted.</param>
    /// <param name="newlines">Begins at the record that has this newline of theirs, from 1; 0: at the beginning of what is kept.</param>
    /// <param name="visitor">Is told of lines and gaps.</param>
    public LineWalk(ISessionLog log, IReadOnlyList<OutputType> outputs, long newlines, ILineVisitor visitor)
    {
        (_log, _outputs, _visitor) = (log, outputs, visitor);
        _reader = log.OpenReader(new ReadFrom.Newline(newlines, outputs));
        try
        {
            var cursor = _reader.Cursor;
            foreach (var output in _open)
            {
                output.Lines = _reader.LinesBefore(output.Output);
                if (cursor.Sequence > 0 && IsWanted(output.Output))
                {
                    TakeUp(output, cursor.OffsetOf(output.Output));
                }
            }
        }
        catch
        {
            _reader.Dispose();
            throw;
        }
    }

    /// <summary>The last record that is walked.</summary>
    public long Until { get; init; } = long.MaxValue;

    /// <summary>Resumes behind what was walked.</summary>
    public ReadCursor Cursor => _reader.Cursor;

    /// <summary>Bytes of both outputs that were walked.</summary>
    public long Bytes { get; private set; }

    /// <summary>Whether the log was cut back meanwhile, so that what was told of it may not be true any more.</summary>
    public bool HasDiverged { get; private set; }

    /// <summary>Newlines of an output up to here.</summary>
    public long Lines(OutputType output) => Of(output).Lines;

    /// <summary>The line of an output that has begun and not ended here, or null.</summary>
    public PageEntry? Open(OutputType output) => Of(output) is { Line.Length: > 0 } open ? Unfinished(open).ToEntry() : null;

    /// <summary>The same for somebody who goes on with the bytes behind it: a carriage return that will begin the line anew is there.</summary>
    public PageEntry? OpenToGoOn(OutputType output)
    {
        var open = Open(output);
        if (open is null || !Of(output).Line.IsReturned)
        {
            return open;
        }

        return open.Omitted + open.Tail.Length == 0
            ? open with { Head = (byte[])[.. open.Head.Span, (byte)'\r'] }
            : open with { Tail = (byte[])[.. open.Tail.Span, (byte)'\r'] };
    }

    /// <summary>Walks a piece.</summary>
    /// <returns><c>false</c> at the tail, or behind <see cref="Until"/>, where nothing is left to walk.</returns>
    public bool Read()
    {
        _entries.Clear();
        if (_reader.Cursor.Sequence >= Until || !_reader.Read(_entries, BatchBytes))
        {
            return false;
        }

        if (_reader.Cursor.Sequence > Until && _entries.RemoveAll(entry => entry.Sequence > Until) > 0 && _entries.Count == 0)
        {
            return false;
        }

        if (_entries.TrueForAll(entry => entry.Kind == LogEntryKind.Gap))
        {
            Jump();
            return true;
        }

        foreach (var entry in _entries)
        {
            switch (entry.Kind)
            {
                case LogEntryKind.Data:
                    Bytes += entry.Data.Length;
                    Take(Of(entry.Output), entry);
                    break;
                case LogEntryKind.Gap when IsWanted(entry.Output):
                    BreakOff(Of(entry.Output));
                    _visitor.Gap(entry, Position);
                    break;
                case LogEntryKind.Diverged:
                    HasDiverged = true;
                    break;
            }
        }

        return true;
    }

    /// <summary>Gives back the memory of what was walked: it may be long until the next piece is.</summary>
    public void Rest() => _reader.Rest();

    public void Dispose() => _reader.Dispose();

    /// <summary>To another segment over one that is missing: what is missing had lines of its own.</summary>
    private void Jump()
    {
        foreach (var gap in _entries)
        {
            BreakOff(Of(gap.Output));
        }

        foreach (var output in _open)
        {
            output.Lines = _reader.LinesBefore(output.Output);
        }

        foreach (var gap in _entries.Where(gap => IsWanted(gap.Output)))
        {
            _visitor.Gap(gap, Position);
        }
    }

    private bool IsWanted(OutputType output) => _outputs.Contains(output);

    private OpenOutput Of(OutputType output) => _open[(int)output - 1];

    private void Take(OpenOutput output, in LogEntry entry)
    {
        var rest = entry.Data.Span;
        if (!IsWanted(output.Output))
        {
            output.Lines += rest.Count((byte)'\n');
            return;
        }

        while (!rest.IsEmpty)
        {
            if (output.Line.Length == 0)
            {
                output.Line.Begin(entry.Offset + entry.Data.Length - rest.Length, entry.TimeMicros);
            }

            var newline = rest.IndexOf((byte)'\n');
            if (newline < 0)
            {
                Append(output, rest);
                return;
            }

            if (output.Line.Length == 0 && IsPlain(rest[..newline]))
            {
                _visitor.Line(Whole(output, rest[..newline]));
            }
            else
            {
                Append(output, rest[..newline]);
                _visitor.Line(Unfinished(output, ends: true));
            }

            output.Line.Clear();
            output.Lines++;
            rest = rest[(newline + 1)..];
        }
    }

    private void Append(OpenOutput output, ReadOnlySpan<byte> text)
    {
        output.Line.Append(text);
        _visitor.Part(output.Output, text);
    }

    /// <summary>Most lines lie within one record, and are told without a copy.</summary>
    private static bool IsPlain(ReadOnlySpan<byte> text) => text.Length <= PageEntry.MaxHeadBytes && !text.Contains((byte)'\r');

    private WalkedLine Whole(OpenOutput output, ReadOnlySpan<byte> text) => new()
    {
        Number = Number,
        Position = Position,
        Index = output.Lines,
        Output = output.Output,
        Offset = output.Line.Offset,
        Length = text.Length,
        TimeMicros = output.Line.TimeMicros,
        Head = text,
        Tail = default,
        Omitted = 0,
        Ends = true,
        Redraws = 0,
    };

    private WalkedLine Unfinished(OpenOutput output, bool ends = false)
    {
        var head = output.Line.Shown(out var tail, out var omitted);
        return new WalkedLine
        {
            Number = Number,
            Position = Position,
            Index = output.Lines,
            Output = output.Output,
            Offset = output.Line.Offset,
            Length = output.Line.Length,
            TimeMicros = output.Line.TimeMicros,
            Head = head,
            Tail = tail,
            Omitted = omitted,
            Ends = ends,
            Redraws = output.Line.Redraws,
        };
    }

    private long Number => _open[0].Lines + _open[1].Lines;

    private long Position => (IsWanted(OutputType.Stdout) ? _open[0].Lines : 0) + (IsWanted(OutputType.Stderr) ? _open[1].Lines : 0);

    /// <summary>Bytes are missing: what comes behind them is another line.</summary>
    private void BreakOff(OpenOutput output)
    {
        if (output.Line.Length > 0)
        {
            _visitor.Line(Unfinished(output));
            output.Line.Clear();
        }
    }

    /// <summary>The place is within a line of this output: finds where it begins, and what is shown of it.</summary>
    private void TakeUp(OpenOutput output, long offset)
    {
        using var start = _log.OpenReader(new ReadFrom.LineStart(output.Output, output.Lines));
        var begin = start.Cursor.OffsetOf(output.Output);
        if (begin >= offset)
        {
            return;
        }

        var isWhole = offset - begin <= _visitor.MostTakenUp;
        var headEnd = isWhole ? offset : begin + PageEntry.MaxHeadBytes;
        var tailBegin = Math.Max(headEnd, offset - PageEntry.MaxTailBytes);
        Append(output, start, begin, headEnd);
        if (headEnd < offset)
        {
            output.Line.Skip(tailBegin - headEnd);
            using var last = _log.OpenReader(new ReadFrom.Offset(output.Output, tailBegin));
            Append(output, last, tailBegin, offset);
        }
    }

    private void Append(OpenOutput output, ILogReader from, long begin, long end)
    {
        var at = begin;
        var entries = new List<LogEntry>();
        while (at < end && from.Read(entries, BatchBytes))
        {
            foreach (var entry in entries)
            {
                if (entry.Output != output.Output || at >= end)
                {
                    continue;
                }

                if (entry.Kind == LogEntryKind.Gap)
                {
                    at = entry.Offset + entry.Length;
                    output.Line.Clear(); // The line begins behind it.
                }
                else if (entry.Kind == LogEntryKind.Data)
                {
                    var piece = entry.Data[..(int)Math.Min(entry.Data.Length, end - entry.Offset)];
                    if (output.Line.Length == 0)
                    {
                        output.Line.Begin(entry.Offset, entry.TimeMicros);
                    }

                    Append(output, piece.Span);
                    at = entry.Offset + piece.Length;
                }
            }

            entries.Clear();
        }
    }

    private sealed class OpenOutput(OutputType output)
    {
        public OutputType Output => output;

        public long Lines { get; set; }

        public OpenLine Line { get; } = new();
    }
}
