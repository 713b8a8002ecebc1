using System.Buffers;
using System.Net.WebSockets;
using Microsoft.Extensions.Options;
using Relay.Contracts;
using Relay.Server.Sessions;
using Relay.Server.Storage;

namespace Relay.Server.Streaming;

/// <summary>Appends what a raw WebSocket sends, message by message. The lease is taken before the handshake, so that a refusal is a plain HTTP answer.</summary>
internal sealed class WebSocketLogWriter(
    WriterAdmission writers, WriterPaces paces, IOptions<StreamingOptions> options, TimeProvider time, IHostApplicationLifetime lifetime)
{
    private static readonly TimeSpan GoodbyeTime = TimeSpan.FromSeconds(2);

    public async Task RunAsync(HttpContext context, Session session, OutputType output)
    {
        var request = new LeaseRequest($"ws-{Guid.NewGuid():N}", 1, [output], 0, Anonymous: true);
        await using var writer = await writers.OpenAsync(session, request, context.RequestAborted);
        using var socket = await context.WebSockets.AcceptWebSocketAsync(Acceptance());
        using var interrupted = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted, lifetime.ApplicationStopping, writer.Lease.Lost);
        using var messages = new IncomingMessages(socket, options.Value.MaxMessageBytes);
        var copy = CopyAsync(messages, writer, output);
        try
        {
            await copy.WaitAsync(interrupted.Token);
            await writer.EndDataAsync();
            writer.LeaveInGoodOrder();
            await WebSocketErrors.TryCloseAsync(socket, WebSocketCloseStatus.NormalClosure, "bye");
        }
        catch (RelayException e)
        {
            await SayGoodbyeAsync(socket, e, messages, copy);
        }
        catch (OperationCanceledException)
        {
            // Only the wait is cancelled: a cancelled receive would abort the socket, and the peer would not learn the reason.
            await SayGoodbyeAsync(socket, writer.Lease.LossReason ?? Errors.Stopping(), messages, copy);
        }
        catch (WebSocketException)
        {
            // The peer vanished: the lease goes back as lost.
        }
    }

    /// <summary>
    /// A writer that is held to a rate may have minutes of bytes under way before its answer to a ping. Then only TCP, whose keep-alive needs no such
    /// answer, tells that it is gone.
    /// </summary>
    private WebSocketAcceptContext Acceptance() => paces.AreHeld ? new WebSocketAcceptContext { KeepAliveTimeout = Timeout.InfiniteTimeSpan } : new WebSocketAcceptContext();

    private static async Task CopyAsync(IncomingMessages messages, WriterConnection writer, OutputType output)
    {
        while (await messages.ReceiveAsync())
        {
            await writer.AppendMessagesAsync(output, messages.Bytes, messages.Ends);
        }
    }

    /// <summary>Closes with the reason and gives the peer a moment to answer; the socket is gone, and so the copy over, when this returns.</summary>
    private async Task SayGoodbyeAsync(WebSocket socket, RelayException reason, IncomingMessages messages, Task copy)
    {
        try
        {
            await WebSocketErrors.TryCloseAsync(socket, reason);
            await (copy.IsCompleted ? messages.DrainAsync() : copy).WaitAsync(GoodbyeTime, time, CancellationToken.None);
        }
        catch (Exception e) when (e is TimeoutException or WebSocketException or RelayException)
        {
            // No answer, a broken connection, or more data for a lease that is gone.
        }

        socket.Abort();
        await copy.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }
}
