using Relay.Client;
using Relay.Contracts;
using Relay.Terminal;

namespace Relay.Cli.Tail;

/// <summary>
/// What <c>relay tail</c> says beside the job's bytes: single lines on stderr. Errors and missing bytes are always said; how the
/// connection and the writer stand only to a person at a terminal.
/// </summary>
internal sealed class TailMessages(StandardStreams streams)
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

    public void Gap(LogEntry gap) => Say(
        $"{gap.Length} bytes of {gap.Output.ToName()} from offset {gap.Offset} are missing: {Reason(gap.Gap)}");

    public void Diverged(LogEntry mark)
    {
        var totals = string.Join(" and ", (mark.Totals ?? []).Select(total => $"{total.Bytes} bytes of {total.Output.ToName()}"));
        var survived = totals.Length > 0 ? totals : "a part";
        Say($"the relay lost the end of what was shown in a crash: {survived} survived, and what follows goes on from there");
    }

    public void Ended(LogEntry end)
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

    public void Failed(RelayException failure) => Say(failure.Message);

    public void CannotWrite(IOException failure) => Say($"cannot write the log: {failure.Message}");

    private static string Reason(GapReason reason) => reason switch
    {
        GapReason.Trimmed => "removed by retention",
        GapReason.Corrupt => "damaged on the relay's disk",
        GapReason.LostByWriter => "the writer no longer had them",
        _ => reason.ToString(),
    };

    private void Hint(string message)
    {
        if (streams.ErrorIsTerminal)
        {
            Say(message);
        }
    }

    private void Say(string message) => streams.Say("relay", message);
}
