using Microsoft.AspNetCore.SignalR;
using Relay.Contracts;

namespace Relay.Server.Streaming;

/// <summary>Failures over the hub: <c>HubException</c> with the text <c>code: detail</c>.</summary>
internal static partial class HubErrors
{
    /// <summary>Passes a stream on; what it throws leaves in the form the client expects.</summary>
    public static IAsyncEnumerable<T> TranslateErrors<T>(this IAsyncEnumerable<T> source, ILogger logger, string method, CancellationToken cancellationToken) =>
        new TranslatedStream<T>(source.GetAsyncEnumerator(cancellationToken), logger, method, cancellationToken);

    /// <summary>The hub's form of a failure.</summary>
    public static HubException ToHubException(Exception failure, ILogger logger, string method)
    {
        if (failure is RelayException refusal)
        {
            return new HubException(refusal.ToWire());
        }

        LogFailed(logger, failure, method);
        return new HubException(new RelayException(RelayErrorCode.InternalError, "The relay failed; its log has the cause.").ToWire());
    }

    /// <summary>
    /// Whether an upload ended because an item could not be read. SignalR tells the client nothing of that: it only ends the server's side of the
    /// stream with the text of the failure. The same exception type, with a fixed text, stands for a cancellation.
    /// </summary>
    public static bool IsUnreadableItem(Exception? failure) => failure is HubException { Message: not "Stream canceled by client." };

    /// <summary>The failure that the client is told of an item that could not be read.</summary>
    public static RelayException UnreadableItem(Exception failure) =>
        RelayException.FromWire(failure.Message) is { Code: RelayErrorCode.InvalidRequest } refusal
            ? refusal
            : new RelayException(RelayErrorCode.InvalidRequest, $"An item of the upload could not be read: {failure.Message}", failure);

    [LoggerMessage(LogLevel.Error, "Hub method {Method} failed")]
    private static partial void LogFailed(ILogger logger, Exception failure, string method);

    /// <summary>A class and no iterator, which would hold three times the memory for as long as its reader waits.</summary>
    private sealed class TranslatedStream<T>(IAsyncEnumerator<T> items, ILogger logger, string method, CancellationToken cancellationToken)
        : IAsyncEnumerable<T>, IAsyncEnumerator<T>
    {
        public T Current => items.Current;

        public IAsyncEnumerator<T> GetAsyncEnumerator(CancellationToken _ = default) => this; // The hub reads a stream with the token that it gave the method.

        public async ValueTask<bool> MoveNextAsync()
        {
            try
            {
                return await items.MoveNextAsync();
            }
            catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
            {
                return false;
            }
            catch (Exception e)
            {
                throw ToHubException(e, logger, method);
            }
        }

        public ValueTask DisposeAsync() => items.DisposeAsync();
    }
}
