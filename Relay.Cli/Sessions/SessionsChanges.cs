using System.Text.Json;
using Relay.Cli.Tables;
using Relay.Contracts;
using Relay.Terminal;

namespace Relay.Cli.Sessions;

/// <summary>A watch in a pipe: a line when a session came, changed or went.</summary>
internal sealed class SessionsChanges(StandardStreams streams, bool json) : ISessionsView
{
    private Dictionary<string, string> _last = new(StringComparer.Ordinal);
    private bool _failed;

    public void Show(IReadOnlyList<SessionStatus> sessions)
    {
        _failed = false;
        var now = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var session in sessions.Reverse()) // Oldest first: the newest change is the last line.
        {
            // Not a change: activity, and the expiry that moves with it. Delivery to a reader is activity, too.
            var known = JsonSerializer.Serialize(session with { LastActivityAt = default, ExpiresAt = null });
            now[session.SessionId] = known;
            if (!string.Equals(_last.GetValueOrDefault(session.SessionId), known, StringComparison.Ordinal))
            {
                RelayCall.Print(streams, json ? JsonSerializer.Serialize(session) : SessionRow.Line(session));
            }
        }

        foreach (var gone in _last.Keys.Where(id => !now.ContainsKey(id)))
        {
            RelayCall.Print(streams, json ? JsonSerializer.Serialize(new { session_id = gone, state = "gone" }) : $"{PlainText.Escape(gone)}  gone");
        }

        _last = now;
    }

    public void Failed(RelayException failure)
    {
        if (!_failed)
        {
            RelayCall.Say(streams, $"{failure.Message} Trying again.");
        }

        _failed = true;
    }
}
