using Relay.Contracts;

namespace Relay.Server.Storage;

/// <summary>The failures of the log, in words a person can act on.</summary>
internal static class Errors
{
    public static RelayException SessionNotFound(string id) =>
        new SessionNotFoundException($"There is no session '{id}'. Create it first: POST /logging_session with {{\"session_id\": \"{id}\"}}.");

    public static RelayException SessionExists(string id) =>
        new SessionExistsException($"Session '{id}' already exists. Use another id, DELETE it first, or PUT it to accept the existing one.");

    public static RelayException Gone(string id, EndReason reason, DateTimeOffset at) => reason switch
    {
        EndReason.Expired => new SessionGoneException(
            RelayErrorCode.SessionExpired, $"Session '{id}' expired at {at:u}: nothing was written or read for its whole time to live. Create it again to use it."),
        _ => new SessionGoneException(RelayErrorCode.SessionDeleted, $"Session '{id}' was deleted at {at:u}. Create it again to use it."),
    };

    public static RelayException Replaced(string id) =>
        new SessionGoneException(RelayErrorCode.SessionReplaced, $"Session '{id}' was deleted and created anew; this is not the one you knew. Begin again without cursor and incarnation.");

    public static RelayException Completed(string id) =>
        new WriterRefusedException(RelayErrorCode.SessionCompleted, $"Session '{id}' is completed. A new run needs a new session, or DELETE this one first.");

    public static RelayException Held(string id, OutputType output, string holder) =>
        new WriterRefusedException(
            RelayErrorCode.WriterAlreadyConnected, $"Run '{holder}' is writing to {output.ToName()} of session '{id}'. Wait until it has left, or use another session.");

    public static RelayException Fenced(string id, string run, int attempt, int later) =>
        new WriterRefusedException(RelayErrorCode.Fenced, $"Attempt {attempt} of run '{run}' no longer writes to session '{id}': attempt {later} has taken its place.");

    public static RelayException GivenBack(string id) =>
        new WriterRefusedException(RelayErrorCode.Fenced, $"This attempt has given back its lease of session '{id}'. Connect again with a higher attempt.");

    /// <summary>For readers that cannot be shown a mark in band. The offset to go on from comes early: a WebSocket's reason is cut to 123 bytes.</summary>
    public static RelayException Missing(LogEntry mark)
    {
        if (mark.Kind == LogEntryKind.Diverged)
        {
            return new RelayException(RelayErrorCode.BytesMissing, "The end of what was sent did not survive a failure of the relay's disk. Read it again from where the output ends now.");
        }

        var why = mark.Gap switch
        {
            GapReason.Trimmed => "removed by retention",
            GapReason.Corrupt => "damaged on disk",
            _ => "lost by the writer",
        };
        return new RelayException(
            RelayErrorCode.BytesMissing, $"Read on with ?from={mark.Offset + mark.Length}: bytes {mark.Offset} to {mark.Offset + mark.Length - 1} of {mark.Output.ToName()} are missing, {why}.");
    }

    public static RelayException NotLeased(OutputType output) =>
        new(RelayErrorCode.InvalidRequest, $"The lease does not cover {output.ToName()}. Name the output in the write request.");

    public static RelayException BeyondEnd(OutputType output, long offset, long length) =>
        new OffsetMismatchException(
            RelayErrorCode.OffsetMismatch, length, $"The data begins at offset {offset} of {output.ToName()}, which ends at {length}. Send from {length} on, or declare a gap.");

    public static RelayException BeforeRun(OutputType output, long offset, long runBase, long length) =>
        new OffsetMismatchException(
            RelayErrorCode.OffsetBeforeRun, length,
            $"The data begins at offset {offset} of {output.ToName()}, but this run may only write from {runBase} on: what is below belongs to an earlier run.");

    public static RelayException BadGap(long length) =>
        new(RelayErrorCode.InvalidRequest, $"A gap of {length} bytes makes no sense: its length must be positive and its end below 2^53.");

    public static RelayException InvalidCursor() =>
        new(RelayErrorCode.InvalidCursor, "The cursor was not made by this relay, or is damaged. Send a cursor exactly as it was received, or begin without one.");

    public static RelayException BeyondRange(OutputType output, long offset, long length) =>
        new(RelayErrorCode.RangeNotSatisfiable, $"{output.ToName()} has {length} bytes; there is nothing at offset {offset} yet.");

    /// <summary>What the file system refused: 28 ENOSPC and 122 EDQUOT on Linux, 112 and 39 on Windows.</summary>
    public static RelayException Storage(IOException inner) => (inner.HResult & 0xFFFF) is 28 or 122 or 112 or 39
        ? new RelayException(RelayErrorCode.StorageFull, "The relay's disk is full. What was not acknowledged is not stored; try again later. Reading goes on.", inner)
        : StorageFailed(inner);

    public static RelayException SessionFull(string id, long most) => new(
        RelayErrorCode.StorageFull,
        $"Storage:MaxSessionBytes ({most}) is reached, and Storage:WhenFull is Refuse. Session '{id}' takes no more output; reading goes on. Raise the limit, or use another session.");

    public static RelayException StoreFull(long most) => new(
        RelayErrorCode.StorageFull,
        $"Storage:MaxTotalBytes ({most}) is reached, and Storage:WhenFull is Refuse. Try again when sessions were deleted or have expired, or raise the limit; reading goes on.");

    public static RelayException StorageFailed(Exception? inner) =>
        new(RelayErrorCode.StorageFailed, "The relay could not write to its disk. Reconnect and send again what is not durable.", inner);

    /// <summary>A file that is there could not be opened: too many are open, or the disk does not answer.</summary>
    public static RelayException Unreadable(IOException inner) =>
        new(RelayErrorCode.StorageFailed, "The relay could not open a file of this session. Nothing is lost by that; try again in a moment.", inner);

    public static RelayException Stopping() =>
        new(RelayErrorCode.ServerStopping, "The relay is stopping. Reconnect in a moment.");
}
