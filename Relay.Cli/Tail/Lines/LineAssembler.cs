using Relay.Contracts;

namespace Relay.Cli.Tail.Lines;

/// <summary>
/// Makes lines of the records of one output of one session. What has not ended yet waits here, at most <see cref="LongestPiece"/> bytes of it.
/// </summary>
/// <param name="redraws">A carriage return begins the line anew, as a terminal shows it: what it overwrites is forgotten, so that a progress bar
/// that runs for hours is one short line.</param>
internal sealed class LineAssembler(TailedSession session, OutputType output, ILineSink sink, bool redraws)
{
    public const int LongestPiece = 256 * 1024;

    private byte[] _open = [];
    private int _length;
    private bool _continues;
    private long _offset;
    private long _sequence;
    private long _timeMicros;

    /// <summary>Whether bytes wait for the rest of their line.</summary>
    public bool IsOpen => _length > 0;

    public OutputType Output => output;

    /// <summary>When the last bytes came, on the monotonic clock.</summary>
    public long TouchedAt { get; private set; }

    /// <param name="entry">A data entry.</param>
    /// <param name="cursor">Resumes behind the entry, if that is known.</param>
    /// <param name="now">The monotonic clock.</param>
    public void Add(in LogEntry entry, string? cursor, long now)
    {
        var rest = entry.Data.Span;
        while (!rest.IsEmpty)
        {
            if (_length == 0)
            {
                _offset = entry.Offset + entry.Data.Length - rest.Length;
                (_sequence, _timeMicros) = (entry.Sequence, entry.TimeMicros);
            }

            var newline = rest.IndexOf((byte)'\n');
            if (newline < 0)
            {
                rest = rest[Keep(rest, cursor)..];
                TouchedAt = now;
                continue;
            }

            var part = rest[..newline];
            var behind = rest[(newline + 1)..];
            if (_length > 0)
            {
                part = part[Keep(part, null)..];
                if (!part.IsEmpty)
                {
                    rest = rest[(newline - part.Length)..]; // A piece was full; the line's rest begins the next one.
                    continue;
                }

                part = _open.AsSpan(0, _length);
            }

            Emit(part, ends: true, behind.IsEmpty ? cursor : null);
            rest = behind;
        }
    }

    /// <summary>Hands over what is there of a line that has not ended; the rest will go on from there.</summary>
    public void Show()
    {
        if (IsOpen)
        {
            Emit(_open.AsSpan(0, _length), ends: false, cursor: null);
        }
    }

    /// <summary>As <see cref="Show"/>, and what follows is another line: bytes are missing between them, or none follow.</summary>
    public void Break()
    {
        Show();
        _continues = false;
    }

    /// <summary>The line that has not ended, for a look at it; it stays. A character that has not come whole yet is left out.</summary>
    public LogLine Peek()
    {
        ReadOnlySpan<byte> text = _open.AsSpan(0, _length);
        return LineOf(text[..^Utf8Cut.UnfinishedAtEnd(text)], ends: false, null);
    }

    /// <returns>How much was kept; less than all when a piece was full and was handed over.</returns>
    private int Keep(ReadOnlySpan<byte> bytes, string? cursor)
    {
        var room = LongestPiece - _length;
        var kept = bytes[..Math.Min(bytes.Length, room)];
        if (_length + kept.Length > _open.Length)
        {
            Array.Resize(ref _open, Math.Min(LongestPiece, Math.Max(_length + kept.Length, _open.Length * 2)));
        }

        kept.CopyTo(_open.AsSpan(_length));
        _length += kept.Length;
        if (redraws)
        {
            ForgetOverwritten();
        }

        if (_length == LongestPiece)
        {
            EmitFullPiece(kept.Length == bytes.Length ? cursor : null);
        }

        return kept.Length;
    }

    private void EmitFullPiece(string? cursor)
    {
        var whole = LongestPiece - Utf8Cut.UnfinishedAtEnd(_open);
        var cut = _open.AsSpan(whole).ToArray();
        var (offset, sequence, time) = (_offset + whole, _sequence, _timeMicros);
        Emit(_open.AsSpan(0, whole), ends: false, cut.Length == 0 ? cursor : null);
        cut.CopyTo(_open, 0);
        _length = cut.Length;
        (_offset, _sequence, _timeMicros) = (offset, sequence, time);
    }

    private void ForgetOverwritten()
    {
        var text = _open.AsSpan(0, _length);
        var shown = CarriageReturn.LastState(text);
        var returned = text[^1] == (byte)'\r';
        if (shown.Length + (returned ? 1 : 0) < text.Length)
        {
            shown.CopyTo(_open);
            _length = shown.Length;
            if (returned)
            {
                _open[_length++] = (byte)'\r'; // It overwrites once a text follows.
            }
        }
    }

    private void Emit(ReadOnlySpan<byte> text, bool ends, string? cursor)
    {
        sink.Line(LineOf(text, ends, cursor));
        _length = 0;
        _continues = !ends;
    }

    private LogLine LineOf(ReadOnlySpan<byte> text, bool ends, string? cursor) => new()
    {
        Session = session,
        Output = output,
        Text = text,
        TimeMicros = _timeMicros,
        Offset = _offset,
        Sequence = _sequence,
        Begins = !_continues,
        Ends = ends,
        Cursor = cursor,
    };
}
