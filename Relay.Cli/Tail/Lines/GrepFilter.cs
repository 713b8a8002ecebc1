using System.Text;
using System.Text.RegularExpressions;
using Relay.Contracts;
using Relay.Text;

namespace Relay.Cli.Tail.Lines;

/// <summary>Passes the lines of one output that match, and those around them, as grep does: <c>--</c> stands between groups that are apart.</summary>
internal sealed class GrepFilter(Regex pattern, int before, int after, ILineSink next) : ILineSink
{
    /// <summary>Lines kept for -B together hold at most so much; the oldest go first.</summary>
    private const int MostKeptBytes = 16 * 1024 * 1024;

    private readonly Queue<KeptLine> _kept = new();
    private char[] _chars = new char[4096];
    private long _keptBytes;
    private int _afterLeft;
    private bool _passed;
    private bool _anyGroup;
    private bool _leftOut;

    public void Line(in LogLine line)
    {
        var matches = Matches(line.Text);
        if (matches)
        {
            PassKept(line.Output);
            _afterLeft = after;
        }
        else if (line.Begins ? _afterLeft > 0 : _passed)
        {
            _afterLeft -= line.Begins ? 1 : 0;
        }
        else
        {
            _passed = false;
            Keep(line);
            return;
        }

        next.Line(line);
        (_passed, _anyGroup) = (true, true);
    }

    public void Separator(OutputType output) => next.Separator(output);

    public void Mark(TailedSession session, in LogEntry mark, string? cursor) => next.Mark(session, mark, cursor);

    private bool Matches(ReadOnlySpan<byte> text)
    {
        // One byte is at most one character, and one that is invalid becomes one.
        if (_chars.Length < text.Length)
        {
            _chars = new char[text.Length];
        }

        var count = Encoding.UTF8.GetChars(text, _chars);
        return pattern.IsMatch(_chars.AsSpan(0, ColourSequences.Strip(_chars.AsSpan(0, count))));
    }

    private void PassKept(OutputType output)
    {
        if (_anyGroup && _leftOut && before + after > 0)
        {
            next.Separator(output);
        }

        foreach (var kept in _kept)
        {
            next.Line(kept.ToLine());
        }

        _kept.Clear();
        _keptBytes = 0;
        _leftOut = false;
    }

    private void Keep(in LogLine line)
    {
        if (before == 0)
        {
            _leftOut = true;
            return;
        }

        _kept.Enqueue(KeptLine.Of(line));
        _keptBytes += line.Text.Length;
        while (_kept.Count > before || (_keptBytes > MostKeptBytes && _kept.Count > 1))
        {
            _keptBytes -= _kept.Dequeue().Text.Length;
            _leftOut = true;
        }
    }

    private sealed record KeptLine(
        TailedSession Session, OutputType Output, byte[] Text, long TimeMicros, long Offset, long Sequence, bool Begins, bool Ends)
    {
        public static KeptLine Of(in LogLine line) =>
            new(line.Session, line.Output, line.Text.ToArray(), line.TimeMicros, line.Offset, line.Sequence, line.Begins, line.Ends);

        // Without a cursor: one that was known would lie behind lines that are shown later.
        public LogLine ToLine() => new()
        {
            Session = Session,
            Output = Output,
            Text = Text,
            TimeMicros = TimeMicros,
            Offset = Offset,
            Sequence = Sequence,
            Begins = Begins,
            Ends = Ends,
        };
    }
}
