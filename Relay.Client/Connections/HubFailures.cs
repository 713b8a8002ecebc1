using Microsoft.AspNetCore.SignalR;
using Relay.Contracts;

namespace Relay.Client.Connections;

/// <summary>Turns what a hub connection throws into failures of the contract.</summary>
internal static class HubFailures
{
    /// <summary>
    /// A <see cref="HubException"/> is the relay's own word. All else that ends a stream, an <see cref="OperationCanceledException"/> that the
    /// caller did not ask for among it, is a connection that broke.
    /// </summary>
    public static RelayException ToRelay(Exception failure) => failure switch
    {
        RelayException relay => relay,
        HubException hub => RelayException.FromWire(hub.Message, hub),
        _ => RelayException.Create(RelayErrorCode.ConnectionLost, $"The connection to the relay broke: {Innermost(failure)}", failure),
    };

    /// <summary>The message nearest to the cause, e.g. "Connection refused".</summary>
    public static string Innermost(Exception failure)
    {
        while (failure.InnerException is { } inner)
        {
            failure = inner;
        }

        return failure is OperationCanceledException ? "it ended without a reason" : failure.Message;
    }

    /// <summary>What is wrong with TLS between this client and the relay, and what would be right; null when something else is wrong.</summary>
    public static string? TlsReason(Exception? failure, Uri? url) => failure switch
    {
        null => null,
        UntrustedCertificateException untrusted => untrusted.Message,
        HttpRequestException { HttpRequestError: HttpRequestError.SecureConnectionError } => TlsReason(failure.InnerException, url)
            ?? $"no connection with TLS could be made ({Innermost(failure)}). If it listens without TLS, its address begins with http://.",
        HttpRequestException { HttpRequestError: HttpRequestError.ResponseEnded } when url?.Scheme == Uri.UriSchemeHttp =>
            "it hung up without an answer. If it listens with TLS, its address begins with https://.",
        _ => TlsReason(failure.InnerException, url),
    };

    /// <summary>Whether what answered does not even speak HTTP.</summary>
    public static bool IsNotHttp(Exception? failure) =>
        failure is HttpRequestException { HttpRequestError: HttpRequestError.InvalidResponse } || (failure?.InnerException is { } inner && IsNotHttp(inner));
}
