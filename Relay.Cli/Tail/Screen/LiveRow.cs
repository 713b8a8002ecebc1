using System.Buffers;
using System.Text;
using Relay.Cli.Tail.Lines;
using Relay.Contracts;

namespace Relay.Cli.Tail.Screen;

/// <summary>
/// The last row of a terminal: the line that has not ended yet, and how the tail stands at its right. It is erased before anything else is
/// written, so it never becomes part of what stays.
/// </summary>
/// <param name="on">The output whose terminal it is drawn on.</param>
/// <param name="width">Columns of the terminal, asked anew each time.</param>
internal sealed class LiveRow(OrderedOutput bytes, OutputType on, Func<int> width)
{
    /// <summary>Columns at the right: a row that is full, or to which the terminal adds the ^C that was typed, would become two.</summary>
    private const int KeptFree = 3;

    private readonly ArrayBufferWriter<byte> _row = new();
    private byte[] _drawn = [];

    /// <summary>Draws the row, unless it already stands there.</summary>
    /// <param name="open">The line that has not ended, made safe; empty for none.</param>
    /// <param name="keepEnd">Whether the end of a line that is too wide is shown, else its beginning.</param>
    /// <param name="status">How the tail stands; plain text, empty for nothing.</param>
    /// <param name="urgent">Whether the status goes before the line where there is no room for both.</param>
    public void Draw(ReadOnlySpan<byte> open, bool keepEnd, string status, bool urgent)
    {
        Compose(open, keepEnd, status, urgent);
        if (_row.WrittenSpan.SequenceEqual(_drawn))
        {
            return;
        }

        if (_row.WrittenCount == 0)
        {
            Erase();
            return;
        }

        bytes.Write(on, "\r"u8);
        bytes.Write(on, _row.WrittenSpan);
        bytes.Write(on, "\e[K"u8);
        _drawn = _row.WrittenSpan.ToArray();
    }

    public void Erase()
    {
        if (_drawn.Length > 0)
        {
            bytes.Write(on, "\r\e[K"u8);
            _drawn = [];
        }
    }

    private void Compose(ReadOnlySpan<byte> open, bool keepEnd, string status, bool urgent)
    {
        _row.ResetWrittenCount();

        var columns = Math.Max(width() - KeptFree, 1);
        var note = Encoding.UTF8.GetBytes(TerminalText.Safe(status));
        var noteWidth = Math.Min(RowText.Width(note), columns);
        var openWidth = RowText.Width(open);
        if (openWidth == 0)
        {
            Note(note, columns);
            return;
        }

        const int space = 2;
        var hasNote = noteWidth > 0 && (urgent || openWidth + space + noteWidth <= columns);
        var room = hasNote ? Math.Max(columns - noteWidth - space, 0) : columns;
        RowText.Fit(open, room, keepEnd, _row);
        if (hasNote)
        {
            var between = Math.Max(columns - noteWidth - Math.Min(openWidth, room), 0);
            _row.GetSpan(between)[..between].Fill((byte)' ');
            _row.Advance(between);
            Note(note, noteWidth);
        }
    }

    private void Note(ReadOnlySpan<byte> note, int columns)
    {
        if (!note.IsEmpty)
        {
            _row.Write("\e[2m"u8);
            RowText.Fit(note, columns, keepEnd: false, _row);
            _row.Write(TerminalText.Reset);
        }
    }
}
