using System.Buffers;
using System.Text;
using Relay.Cli.Tail.Screen;
using Relay.Contracts;

namespace Relay.Cli.Tail.Lines;

/// <summary>What stands before a line: its time, its session. <c>etl-7 | </c> is a line of stdout, <c>etl-7 ! </c> one of stderr.</summary>
internal sealed class LineHead(bool timestamps, bool prefix, SessionColumn column, LinePainter? painter)
{
    // Red is for stderr and errors, so no session has it.
    private static readonly byte[][] SessionColours =
        [.. new[] { 36, 33, 32, 35, 34, 96, 93, 92, 95, 94 }.Select(code => Encoding.ASCII.GetBytes($"\e[{code}m"))];

    private bool Coloured => painter is { AddsColours: true };

    public void Write(in LogLine line, ArrayBufferWriter<byte> to)
    {
        if (timestamps)
        {
            Colour("\e[2m"u8, to);
            to.Advance(Timestamp.Format(line.TimeMicros, Timestamp.Milliseconds, to.GetSpan(Timestamp.MaxLength)));
            Colour(TerminalText.Reset, to);
            to.Write(" "u8);
        }

        if (prefix)
        {
            Colour(SessionColours[line.Session.Number % SessionColours.Length], to);
            Name(line.Session.Name, to);
            to.Write(line.Output == OutputType.Stderr ? " !"u8 : " |"u8);
            Colour(TerminalText.Reset, to);
            to.Write(" "u8);
        }
    }

    private void Name(string name, ArrayBufferWriter<byte> to)
    {
        var bytes = Encoding.UTF8.GetBytes(name);
        if (painter is null)
        {
            to.Write(bytes);
        }
        else
        {
            TerminalText.Append(bytes, to, keepColours: false);
        }

        for (var missing = column.Width - name.Length; missing > 0; missing--)
        {
            to.Write(" "u8);
        }
    }

    private void Colour(ReadOnlySpan<byte> sequence, ArrayBufferWriter<byte> to)
    {
        if (Coloured)
        {
            to.Write(sequence);
        }
    }
}

/// <summary>How wide the names of sessions are, so that lines are aligned. Grows with each longer name, to 32 characters at most.</summary>
internal sealed class SessionColumn
{
    private const int Widest = 32;

    public int Width { get; private set; }

    public void MakeRoomFor(string name) => Width = Math.Clamp(name.Length, Width, Widest);
}
