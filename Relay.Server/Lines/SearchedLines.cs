using Relay.Contracts;

namespace Relay.Server.Lines;

/// <summary>Collects the lines of a walk that match, from one position to another.</summary>
internal sealed class SearchedLines(LineMatcher matcher, long first, long end, bool withLines) : ILineVisitor
{
    private const long MaxTakenUpBytes = 64 * 1024 * 1024;

    private readonly PartialLine[] _parts = [new(matcher), new(matcher)];

    public List<long> Positions { get; } = [];

    public List<PageEntry> Lines { get; } = [];

    /// <summary>Position behind the last line that was looked at.</summary>
    public required long Next { get; set; }

    /// <summary>A search that goes on within a line has not seen what came of it before.</summary>
    public long MostTakenUp => MaxTakenUpBytes;

    public bool IsAtEnd => Next >= end;

    public void Line(in WalkedLine line)
    {
        var part = _parts[(int)line.Output - 1];
        if (line.Position >= first && line.Position < end)
        {
            if (matcher.IsOfLevel(line.Head) && (part.Has ? part.HasPattern() : matcher.HasPattern(line.Head)))
            {
                Add(line.Position, line.ToEntry());
            }

            Next = line.Ends ? line.Position + 1 : Next;
        }

        part.Clear();
    }

    public void Part(OutputType output, ReadOnlySpan<byte> text) => _parts[(int)output - 1].Append(text);

    public void Gap(in LogEntry gap, long position)
    {
        // What is missing cannot match.
    }

    /// <summary>A line that has not ended, and never will.</summary>
    public void Last(PageEntry line, long position)
    {
        if (position >= first && matcher.IsOfLevel(line.Head.Span) && _parts[(int)line.Output - 1].HasPattern())
        {
            Add(position, line);
        }
    }

    public void Clear()
    {
        Positions.Clear();
        Lines.Clear();
    }

    private void Add(long position, PageEntry line)
    {
        Positions.Add(position);
        if (withLines)
        {
            Lines.Add(line);
        }
    }

    /// <summary>A line that comes in pieces. One of many megabytes is looked at in windows that overlap.</summary>
    private sealed class PartialLine(LineMatcher matcher)
    {
        private const int Window = 256 * 1024;
        private const int Overlap = 4 * 1024;
        private byte[] _text = [];
        private int _length;
        private bool _hasMatched;

        public bool Has { get; private set; }

        public void Append(ReadOnlySpan<byte> text)
        {
            Has = true;
            while (!text.IsEmpty)
            {
                var part = text[..Math.Min(text.Length, Window - _length)];
                if (_length + part.Length > _text.Length)
                {
                    Array.Resize(ref _text, Math.Min(Window, Math.Max(_length + part.Length, _text.Length * 2)));
                }

                part.CopyTo(_text.AsSpan(_length));
                _length += part.Length;
                text = text[part.Length..];
                if (_length == Window)
                {
                    _hasMatched |= matcher.HasPattern(_text);
                    _text.AsSpan(Window - Overlap).CopyTo(_text);
                    _length = Overlap;
                }
            }
        }

        public bool HasPattern() => _hasMatched || matcher.HasPattern(_text.AsSpan(0, _length));

        public void Clear() => (_length, _hasMatched, Has) = (0, false, false);
    }
}
