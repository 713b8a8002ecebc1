using System.Net.WebSockets;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Options;
using Relay.Contracts;
using Relay.Server.Sessions;
using Relay.Server.Storage;

namespace Relay.Server.Streaming;

/// <summary>Sends an output over a raw WebSocket, one message per record: valid UTF-8 in text messages, or the exact bytes in binary ones.</summary>
internal sealed partial class WebSocketLogReader(
    IOptions<StreamingOptions> options, TimeProvider time, IHostApplicationLifetime lifetime, ILogger<WebSocketLogReader> logger)
{
    /// <summary>Readers have nothing to say; this is more than any slip of theirs.</summary>
    private const int MaxScrapBytes = 64 * 1024;

    private static readonly TimeSpan CloseWhenStopping = TimeSpan.FromSeconds(2);

    public async Task RunAsync(HttpContext context, Session session, OutputType output)
    {
        var isBinary = IsBinary(context.Request);
        var wish = new ReaderWish([output], LogRequests.From(context.Request, output), LogRequests.Flag(context.Request, "follow", absent: true), EndWhenLost: true);
        using var pump = new ReaderPump(session, wish, options.Value, options.Value.SmallBatchBytes, time, lifetime.ApplicationStopping);
        using var socket = await context.WebSockets.AcceptWebSocketAsync();
        using var left = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted);
        using var talks = CancellationTokenSource.CreateLinkedTokenSource(left.Token);
        var connection = ((CorkedUpgrade)context.Features.GetRequiredFeature<IHttpUpgradeFeature>()).Stream!;
        (connection.Patience, connection.Time) = (options.Value.SendTimeout, time);
        var peer = WatchPeerAsync(socket, left, talks);
        try
        {
            var reason = await SendAsync(socket, connection, session, pump, isBinary ? null : new Utf8Gate(), left.Token, talks.Token);
            await WebSocketErrors.TryCloseAsync(socket, WebSocketCloseStatus.NormalClosure, reason, options.Value.SendTimeout);
        }
        catch (RelayException e)
        {
            pump.LetGoIfGone(); // The peer may take its time to close.
            await WebSocketErrors.TryCloseAsync(socket, e, options.Value.SendTimeout);
        }
        catch (OperationCanceledException) when (talks.IsCancellationRequested && !left.IsCancellationRequested)
        {
            await WebSocketErrors.TryCloseAsync(socket, TooTalkative(), options.Value.SendTimeout);
        }
        catch (Exception e) when (e is OperationCanceledException or WebSocketException)
        {
            // The reader is gone, or its socket took nothing for the send time-out.
            if (connection.IsBroken)
            {
                socket.Abort();
            }
        }
        catch (Exception e)
        {
            LogFailed(e, session.Id);
            await WebSocketErrors.TryCloseAsync(socket, new RelayException(RelayErrorCode.InternalError, $"The relay failed; its log has the cause under request id {context.TraceIdentifier}."));
        }
        finally
        {
            await LetPeerCloseAsync(socket, peer);
        }
    }

    /// <returns>Why it ended in good order.</returns>
    private async Task<string> SendAsync(
        WebSocket socket, CorkedStream connection, Session session, ReaderPump pump, Utf8Gate? gate, CancellationToken left, CancellationToken betweenBatches)
    {
        connection.Left = left;
        try
        {
            while (true)
            {
                var entries = (await pump.NextAsync(betweenBatches))?.Entries ?? [];
                if (entries.Count > 1)
                {
                    connection.Cork();
                }

                var end = await SendAsync(socket, entries, gate);
                await connection.UncorkAsync();
                switch (end)
                {
                    case null:
                        break;
                    case { Kind: LogEntryKind.End, End: EndReason.Deleted or EndReason.Expired }:
                        throw Errors.Gone(session.Id, end.Value.End, time.GetUtcNow());
                    case { Kind: LogEntryKind.End }:
                        await SendAsync(socket, gate?.Finish() ?? default, gate);
                        return ReasonOf(end.Value);
                    default:
                        throw Errors.Missing(end.Value);
                }
            }
        }
        finally
        {
            connection.Left = CancellationToken.None; // The goodbye goes out also to one who has left.
        }
    }

    /// <returns>What came behind the data, and is no data.</returns>
    private static async ValueTask<LogEntry?> SendAsync(WebSocket socket, IReadOnlyList<LogEntry> entries, Utf8Gate? gate)
    {
        for (var i = 0; i < entries.Count; i++)
        {
            if (entries[i].Kind != LogEntryKind.Data)
            {
                return entries[i];
            }

            await SendAsync(socket, gate is null ? entries[i].Data : gate.Push(entries[i].Data), gate);
        }

        return null;
    }

    // Without a token: the connection under it knows when to give up, and the WebSocket's own way to do so costs more than the frame.
    private static ValueTask SendAsync(WebSocket socket, ReadOnlyMemory<byte> bytes, Utf8Gate? gate) =>
        bytes.IsEmpty ? ValueTask.CompletedTask
        : socket.SendAsync(bytes, gate is null ? WebSocketMessageType.Binary : WebSocketMessageType.Text, endOfMessage: true, CancellationToken.None);

    /// <summary>Readers have nothing to say; what they send is read and thrown away, so that a close or a broken connection is seen.</summary>
    private static async Task WatchPeerAsync(WebSocket socket, CancellationTokenSource left, CancellationTokenSource talks)
    {
        var scrap = new byte[256];
        try
        {
            for (long said = 0; await socket.ReceiveAsync(scrap.AsMemory(), CancellationToken.None) is { MessageType: not WebSocketMessageType.Close } received;)
            {
                said += received.Count;
                if (said > MaxScrapBytes && !talks.IsCancellationRequested)
                {
                    await talks.CancelAsync(); // Between two messages: a send that is cancelled would take the socket with it, and the reason.
                }
            }
        }
        catch (Exception e) when (e is WebSocketException or OperationCanceledException or ObjectDisposedException)
        {
            // Gone without a close.
        }

        await left.CancelAsync();
    }

    /// <summary>
    /// After our close frame the peer answers with its own. It may have much to read before it comes to ours, and a connection that is cut off takes
    /// with it what was not read.
    /// </summary>
    private async Task LetPeerCloseAsync(WebSocket socket, Task peer)
    {
        if (socket.State == WebSocketState.CloseReceived)
        {
            await WebSocketErrors.TryCloseAsync(socket, WebSocketCloseStatus.NormalClosure, "bye");
        }

        if (!await Ends(peer, options.Value.SendTimeout, lifetime.ApplicationStopping) && !await Ends(peer, CloseWhenStopping, CancellationToken.None))
        {
            socket.Abort();
            await peer;
        }
    }

    private async Task<bool> Ends(Task peer, TimeSpan limit, CancellationToken cancellationToken)
    {
        try
        {
            await peer.WaitAsync(limit, time, cancellationToken);
            return true;
        }
        catch (Exception e) when (e is TimeoutException or OperationCanceledException)
        {
            return false;
        }
    }

    private static RelayException TooTalkative() =>
        new(RelayErrorCode.RecordTooLarge, $"A reader may send {MaxScrapBytes} bytes in all, and need not send any.");

    private static string ReasonOf(LogEntry end) => end.End switch
    {
        EndReason.Completed => end.ExitCode is { } code ? $"completed: exit code {code}" : "completed",
        EndReason.WriterClosed => "writer_closed",
        EndReason.WriterLost => "writer_lost",
        _ => "tail",
    };

    [LoggerMessage(LogLevel.Error, "Reading {Session} over a WebSocket failed")]
    private partial void LogFailed(Exception failure, string session);

    private static bool IsBinary(HttpRequest request) => request.Query["format"].ToString() switch
    {
        "" or "text" => false,
        "binary" => true,
        var other => throw LogRequests.Invalid($"format='{other}' must be text or binary."),
    };
}
