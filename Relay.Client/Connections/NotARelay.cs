using Relay.Contracts;

namespace Relay.Client.Connections;

/// <summary>Failures whose answer did not come from a relay: from something before it whose relay is away, or from something else altogether.</summary>
internal static class NotARelay
{
    /// <summary>Something answered, but not as a relay does. Another attempt may find the relay.</summary>
    public static RelayException Because(string what, Uri? url, Exception? cause = null) =>
        RelayException.Create(RelayErrorCode.ConnectionLost, $"What answers at {Origin(url)} is not a relay: {what}.", cause);

    /// <summary>An HTTP status without a problem document.</summary>
    public static RelayException Answered(int status, string answered, Uri? url, TimeSpan? retryAfter = null) =>
        status is 401 or 403
            ? Denied(status, Words(status, answered, url))
            : RelayException.Create(MayPass(status) ? RelayErrorCode.ConnectionLost : RelayErrorCode.InvalidRequest, Words(status, answered, url), retryAfter: retryAfter);

    /// <summary>401 and 403, whoever says it.</summary>
    public static RelayException Denied(int status, string reason, Exception? cause = null) =>
        RelayException.Create(status == 401 ? RelayErrorCode.Unauthorized : RelayErrorCode.Forbidden, reason, cause);

    /// <summary>What an HTTP status without a problem document means, for a person.</summary>
    public static string Words(int status, string answered, Uri? url) =>
        status is 401 or 403 ? $"{answered}: access is refused. What stands at {Origin(url)} asks for a token, or for another one."
        : status == 429 ? $"{answered}: {Origin(url)} is asked too often."
        : MayPass(status) ? $"What answers at {Origin(url)} is not a relay, or its relay is away: {answered}."
        : $"What answers at {Origin(url)} is not a relay: {answered}.";

    // What a proxy or an ingress says while its relay is starting, moving or crowded.
    private static bool MayPass(int status) => status is >= 500 or 404 or 408 or 425 or 429;

    private static string? Origin(Uri? url) => url?.GetComponents(UriComponents.SchemeAndServer, UriFormat.UriEscaped);
}
