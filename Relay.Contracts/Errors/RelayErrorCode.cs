namespace Relay.Contracts;

/// <summary>Every failure the relay reports, over every transport. On the wire it stands in snake case: <c>session_not_found</c>.</summary>
public enum RelayErrorCode
{
    /// <summary>A failure of the relay itself; the log of the server has the cause under the request id.</summary>
    InternalError = 0,

    /// <summary>The request is malformed; the detail says which part.</summary>
    InvalidRequest,

    /// <summary>The session id breaks the rules for ids.</summary>
    InvalidSessionId,

    /// <summary>The output is not <c>stdout</c> or <c>stderr</c>.</summary>
    UnknownOutput,

    /// <summary>The peer speaks a contract version this build does not.</summary>
    UnsupportedVersion,

    /// <summary>There is a session of this id already.</summary>
    SessionExists,

    /// <summary>There is no session of this id.</summary>
    SessionNotFound,

    /// <summary>The session completed; another run cannot write to it.</summary>
    SessionCompleted,

    /// <summary>The session was deleted a while ago.</summary>
    SessionDeleted,

    /// <summary>The session's time to live ran out a while ago.</summary>
    SessionExpired,

    /// <summary>A session of the same id, but not the one the cursor or the writer came from.</summary>
    SessionReplaced,

    /// <summary>Another run holds the lease of the output.</summary>
    WriterAlreadyConnected,

    /// <summary>A later attempt of the same run took the lease. Final for this attempt.</summary>
    Fenced,

    /// <summary>The data begins beyond the end of the output.</summary>
    OffsetMismatch,

    /// <summary>The data begins below the run's base.</summary>
    OffsetBeforeRun,

    /// <summary>One item carries more bytes than the server takes.</summary>
    RecordTooLarge,

    /// <summary>The cursor was not made by this relay, or is damaged.</summary>
    InvalidCursor,

    /// <summary>The requested bytes lie beyond the end of the output.</summary>
    RangeNotSatisfiable,

    /// <summary>The requested bytes are no longer kept, or damaged.</summary>
    BytesMissing,

    /// <summary>No credentials, or ones that this relay does not know.</summary>
    Unauthorized,

    /// <summary>The credentials are known and do not allow this, or a web page of another origin asks.</summary>
    Forbidden,

    /// <summary>The caller asks too often; the answer says when to come again. Retryable.</summary>
    TooManyRequests,

    /// <summary>As many connections, readers or streams as the relay allows are there already. Retryable.</summary>
    LimitReached,

    /// <summary>The disk is full. Retryable.</summary>
    StorageFull,

    /// <summary>The store failed to write. Retryable.</summary>
    StorageFailed,

    /// <summary>The server is stopping; reconnect. Retryable.</summary>
    ServerStopping,

    /// <summary>The server cannot be reached, or the connection broke. Raised by clients. Retryable.</summary>
    ConnectionLost,
}
