using System.Text;
using Relay.Cli.Tables;
using Relay.Contracts;
using Relay.Terminal;

namespace Relay.Cli.Sessions;

/// <summary>
/// A watch on a terminal: the table is drawn over the one before, in a single write, so that nothing flickers and what was on the screen above
/// stays. A line is never longer and the table never higher than the terminal, or the place of the first line would be lost.
/// </summary>
internal sealed class SessionsScreen(StandardStreams streams, TimeProvider time, Func<TerminalSize> size) : ISessionsView
{
    private const string EraseLine = "\u001b[K";
    private const string EraseBelow = "\u001b[J";
    private const string EraseAll = "\u001b[H\u001b[2J";

    private IReadOnlyList<SessionStatus> _sessions = [];
    private List<string> _drawn = [];
    private TerminalSize _size;

    public void Show(IReadOnlyList<SessionStatus> sessions)
    {
        _sessions = sessions;
        Draw(note: null);
    }

    public void Failed(RelayException failure) => Draw($"{failure.Message} Trying again.");

    private void Draw(string? note)
    {
        var now = size();
        var lines = Frame(note, now);
        var wasResized = now != _size && _drawn.Count > 0; // What a narrower terminal has wrapped stands nobody knows where.
        if (!wasResized && lines.SequenceEqual(_drawn, StringComparer.Ordinal))
        {
            return;
        }

        var frame = new StringBuilder(wasResized ? EraseAll : _drawn.Count > 0 ? $"\r\u001b[{_drawn.Count}A" : "");
        frame.AppendJoin("", lines.Select(line => $"{line}{EraseLine}\n")).Append(EraseBelow);
        streams.Out.Write(Encoding.UTF8.GetBytes(frame.ToString()));
        (_drawn, _size) = (lines, now);
    }

    private List<string> Frame(string? note, TerminalSize now)
    {
        var lines = SessionRow.Table(_sessions, person: true, time).Lines(now.Columns).ToList();
        var room = Math.Max(2, now.Rows - 1 - (note is null ? 0 : 1));
        if (lines.Count > room)
        {
            var hidden = lines.Count - room + 1;
            lines.RemoveRange(room - 1, hidden);
            lines.Add(PlainText.Cut($"… and {hidden} more", now.Columns));
        }

        if (note is not null)
        {
            lines.Add(PlainText.Cut(PlainText.Escape(note.ReplaceLineEndings(" ")), now.Columns));
        }

        return lines;
    }
}
