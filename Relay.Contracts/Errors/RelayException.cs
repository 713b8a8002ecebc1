namespace Relay.Contracts;

/// <summary>A failure with a code of the contract. The message is for a person and says what would be right.</summary>
public class RelayException : Exception
{
    /// <summary>Makes a failure of the given code.</summary>
    public RelayException(RelayErrorCode code, string detail, Exception? innerException = null)
        : base(detail, innerException) => Code = code;

    /// <summary>What went wrong, for programs.</summary>
    public RelayErrorCode Code { get; }

    /// <summary>How long the relay asks to be left alone, where it says so.</summary>
    public TimeSpan? RetryAfter { get; init; }

    /// <summary>Whether the same request may succeed later without a change.</summary>
    public bool IsRetryable => Code.IsRetryable();

    /// <summary>The form in which a failure crosses the hub: <c>code: detail</c>.</summary>
    public string ToWire() => $"{Code.ToName()}: {Message}";

    /// <summary>
    /// Reads a failure out of a hub error. SignalR puts a prefix before it, so the search begins behind the last
    /// <c>HubException: </c>. A code that this build does not know, and a hub that has no such method, become
    /// <see cref="RelayErrorCode.UnsupportedVersion"/>, which is final; any other text becomes <see cref="RelayErrorCode.InternalError"/>.
    /// </summary>
    public static RelayException FromWire(string text, Exception? innerException = null)
    {
        const string marker = "HubException: ";
        var at = text.LastIndexOf(marker, StringComparison.Ordinal);
        var body = at < 0 ? text : text[(at + marker.Length)..];
        var colon = body.IndexOf(": ", StringComparison.Ordinal);
        return colon > 0 && RelayErrorCodes.TryParse(body[..colon], out var code)
            ? Create(code, body[(colon + 2)..], innerException)
            : new RelayException(IsFromAnotherVersion(body, colon) ? RelayErrorCode.UnsupportedVersion : RelayErrorCode.InternalError, body, innerException);
    }

    private static bool IsFromAnotherVersion(string body, int colon) =>
        body.Contains("Method does not exist", StringComparison.Ordinal) || (colon > 0 && body[..colon].All(c => c is '_' or (>= 'a' and <= 'z')));

    /// <summary>Makes the most specific exception type for a code.</summary>
    public static RelayException Create(RelayErrorCode code, string detail, Exception? innerException = null, TimeSpan? retryAfter = null) => code switch
    {
        RelayErrorCode.SessionExists => new SessionExistsException(detail, innerException),
        RelayErrorCode.SessionNotFound => new SessionNotFoundException(detail, innerException),
        RelayErrorCode.SessionDeleted or RelayErrorCode.SessionExpired or RelayErrorCode.SessionReplaced => new SessionGoneException(code, detail, innerException),
        RelayErrorCode.SessionCompleted or RelayErrorCode.WriterAlreadyConnected or RelayErrorCode.Fenced => new WriterRefusedException(code, detail, innerException),
        RelayErrorCode.Unauthorized or RelayErrorCode.Forbidden => new AccessDeniedException(code, detail, innerException),
        _ => new RelayException(code, detail, innerException) { RetryAfter = retryAfter },
    };
}

/// <summary>There is a session of this id already.</summary>
public sealed class SessionExistsException(string detail, Exception? innerException = null)
    : RelayException(RelayErrorCode.SessionExists, detail, innerException);

/// <summary>There is no session of this id.</summary>
public sealed class SessionNotFoundException(string detail, Exception? innerException = null)
    : RelayException(RelayErrorCode.SessionNotFound, detail, innerException);

/// <summary>The session was deleted, expired, or replaced by another of the same id.</summary>
public sealed class SessionGoneException(RelayErrorCode code, string detail, Exception? innerException = null)
    : RelayException(code, detail, innerException);

/// <summary>The session completed, another run holds the lease, or a later attempt took it.</summary>
public sealed class WriterRefusedException(RelayErrorCode code, string detail, Exception? innerException = null)
    : RelayException(code, detail, innerException);

/// <summary>The relay does not know the credentials, or they do not allow what was asked for.</summary>
public sealed class AccessDeniedException(RelayErrorCode code, string detail, Exception? innerException = null)
    : RelayException(code, detail, innerException);

/// <summary>The caller asks too often.</summary>
public sealed class TooManyRequestsException : RelayException
{
    /// <summary>Makes a refusal that says when the next request may succeed.</summary>
    public TooManyRequestsException(TimeSpan retryAfter, string detail)
        : base(RelayErrorCode.TooManyRequests, detail) => RetryAfter = retryAfter;
}

/// <summary>The data does not begin where the output ends.</summary>
public sealed class OffsetMismatchException(RelayErrorCode code, long expectedOffset, string detail) : RelayException(code, detail)
{
    /// <summary>Where the next byte belongs.</summary>
    public long ExpectedOffset { get; } = expectedOffset;
}
