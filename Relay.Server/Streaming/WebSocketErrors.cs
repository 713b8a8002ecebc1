using System.Net.WebSockets;
using System.Text;
using Relay.Contracts;

namespace Relay.Server.Streaming;

/// <summary>Failures over raw WebSockets, once the handshake is done: a close code and a reason of at most 123 bytes.</summary>
internal static class WebSocketErrors
{
    private const int MaxReasonBytes = 123;
    private static readonly TimeSpan DefaultLimit = TimeSpan.FromSeconds(2);

    public static WebSocketCloseStatus StatusOf(RelayErrorCode code) => code switch
    {
        // Of the registered codes only those that old client libraries know: they take 1012 and 1013 for a broken protocol.
        RelayErrorCode.ServerStopping => WebSocketCloseStatus.EndpointUnavailable,
        RelayErrorCode.StorageFull => (WebSocketCloseStatus)4507,
        RelayErrorCode.StorageFailed => (WebSocketCloseStatus)4503,
        RelayErrorCode.InternalError => WebSocketCloseStatus.InternalServerError,
        RelayErrorCode.RecordTooLarge => WebSocketCloseStatus.MessageTooBig,
        RelayErrorCode.LimitReached => (WebSocketCloseStatus)4503,
        RelayErrorCode.TooManyRequests => (WebSocketCloseStatus)4429,
        RelayErrorCode.Unauthorized => (WebSocketCloseStatus)4401,
        RelayErrorCode.Forbidden => (WebSocketCloseStatus)4403,
        RelayErrorCode.SessionNotFound => (WebSocketCloseStatus)4404,
        RelayErrorCode.SessionDeleted or RelayErrorCode.SessionExpired or RelayErrorCode.BytesMissing => (WebSocketCloseStatus)4410,
        RelayErrorCode.SessionCompleted or RelayErrorCode.SessionReplaced or RelayErrorCode.WriterAlreadyConnected or RelayErrorCode.Fenced
            or RelayErrorCode.OffsetMismatch or RelayErrorCode.OffsetBeforeRun => (WebSocketCloseStatus)4409,
        _ => (WebSocketCloseStatus)4400,
    };

    /// <summary>Says goodbye with the code and the text of a failure.</summary>
    public static Task TryCloseAsync(WebSocket socket, RelayException reason, TimeSpan? limit = null) =>
        TryCloseAsync(socket, StatusOf(reason.Code), reason.ToWire(), limit);

    /// <summary>Says goodbye with a reason, cut to what a close frame holds at a character's boundary. A connection that broke first is no failure.</summary>
    public static async Task TryCloseAsync(WebSocket socket, WebSocketCloseStatus status, string reason, TimeSpan? limit = null)
    {
        try
        {
            if (socket.State is WebSocketState.Open or WebSocketState.CloseReceived)
            {
                using var timeUp = new CancellationTokenSource(limit ?? DefaultLimit);
                await socket.CloseOutputAsync(status, Cut(reason), timeUp.Token);
            }
        }
        catch (Exception e) when (e is WebSocketException or OperationCanceledException)
        {
            // Gone, or it takes nothing any more: the caller cuts it off.
        }
    }

    private static string Cut(string reason)
    {
        while (Encoding.UTF8.GetByteCount(reason) > MaxReasonBytes)
        {
            reason = reason[..^(char.IsLowSurrogate(reason[^1]) ? 2 : 1)];
        }

        return reason;
    }
}
