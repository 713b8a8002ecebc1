using Relay.Client;
using Relay.Contracts;
using Relay.Text;

namespace Relay.Cli.Tail;

/// <summary>
/// What <c>relay tail</c> says beside a session's log: single lines on stderr. Errors and missing bytes are always said; how the
/// connection and the writer stand only to a person at a terminal, and not where a status line shows it.
/// </summary>
/// <param name="say">Says one line.</param>
/// <param name="hints">Whether to say how the connection and the writer stand.</param>
/// <param name="session">The session's name where several are shown; else <c>null</c>.</param>
internal sealed class TailMessages(Action<string> say, bool hints, string? session = null)
{
    private ConnectionState _last;

    public void OnConnectionChange(ConnectionChange change)
    {
        if (change.State == _last)
        {
            return;
        }

        switch (change.State)
        {
            case ConnectionState.WaitingForSession:
                Hint("waiting for the session to be created");
                break;
            case ConnectionState.Disconnected:
                Hint($"{change.Reason?.Message} Trying again.");
                break;
            case ConnectionState.Connected when _last == ConnectionState.Disconnected:
                Hint("connected again");
                break;
        }

        _last = change.State;
    }

    public void OnPresence(PresenceEvent happened)
    {
        switch (happened.Kind)
        {
            case PresenceKind.WriterLost:
                Hint($"the writer of {happened.Output.ToName()} vanished; it may come back");
                break;
            case PresenceKind.WriterClosed:
                Hint($"the writer of {happened.Output.ToName()} left without completing");
                break;
        }
    }

    /// <summary>A gap, a divergence or the end.</summary>
    public void OnMark(in LogEntry mark)
    {
        switch (mark.Kind)
        {
            case LogEntryKind.Gap:
                Say(GapWords.Of(mark));
                break;
            case LogEntryKind.Diverged:
                Diverged(mark);
                break;
            case LogEntryKind.End:
                Ended(mark);
                break;
        }
    }

    public void Failed(RelayException failure) => Say(failure.Message);

    private void Diverged(in LogEntry mark)
    {
        var totals = string.Join(" and ", (mark.Totals ?? []).Select(total => $"{total.Bytes} bytes of {total.Output.ToName()}"));
        var survived = totals.Length > 0 ? totals : "a part";
        Say($"the relay lost the end of what was shown in a crash: {survived} survived, and what follows goes on from there");
    }

    private void Ended(in LogEntry end)
    {
        switch (end.End)
        {
            case EndReason.Deleted:
                Say("the session was deleted");
                break;
            case EndReason.Expired:
                Say("the session expired");
                break;
            case EndReason.WriterClosed or EndReason.WriterLost:
                Hint("the writer left without an exit code");
                break;
        }
    }

    private void Hint(string message)
    {
        if (hints)
        {
            Say(message);
        }
    }

    private void Say(string message) => say(session is null ? message : $"{session}: {message}");
}
