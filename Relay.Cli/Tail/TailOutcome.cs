using Relay.Contracts;

namespace Relay.Cli.Tail;

/// <summary>Finds the exit code: missing bytes go first, then the highest code of all sessions.</summary>
internal sealed class TailOutcome
{
    private int _highest = Cli.ExitCode.Ok;
    private bool _bytesMissing;

    public int ExitCode => _bytesMissing ? Cli.ExitCode.BytesMissing : _highest;

    public void OnMark(in LogEntry mark)
    {
        switch (mark.Kind)
        {
            case LogEntryKind.Gap or LogEntryKind.Diverged:
                _bytesMissing = true;
                break;
            case LogEntryKind.End:
                Add(mark.ExitCode ?? (mark.End is EndReason.Deleted or EndReason.Expired ? Cli.ExitCode.SessionGone : Cli.ExitCode.Ok));
                break;
        }
    }

    public void OnFailure(RelayException failure) => Add(Cli.ExitCode.Of(failure));

    // A job may report a code below zero; it is a failure, too.
    private void Add(int code) => _highest = _highest == Cli.ExitCode.Ok || code > _highest ? code : _highest;
}
