using System.Runtime.CompilerServices;
using Microsoft.AspNetCore.SignalR.Client;
using Relay.Client.Connections;
using Relay.Contracts;

namespace Relay.Client.Writing;

/// <summary>One connection of a run: one invocation of <c>Write</c>, from the grant to whatever ends it.</summary>
internal static class WriteAttempt
{
    // The relay acknowledges nothing twice, so the window of items bounds what it may say at once; this is beyond the largest one.
    private const int MaxAcks = 4096;

    /// <param name="link">A connection of the writer's own.</param>
    /// <param name="request">Who writes, and which attempt this is.</param>
    /// <param name="run">Gives the items and takes the acks.</param>
    /// <param name="onGranted">Told of the grant, once.</param>
    /// <param name="cancellationToken">Breaks it off.</param>
    /// <returns>When the relay ended the stream in good order: the upload was complete, or had ended without completing.</returns>
    public static async Task RunAsync(
        HubLink link, WriteRequest request, WriterRun run, Action<WriteAck> onGranted, CancellationToken cancellationToken)
    {
        // The source is not cancelled when the relay ends the stream it returned, nor the stream by leaving its loop: this does both.
        using var over = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        try
        {
            link.Guard.Expect(MaxAcks);
            var acks = link.Connection.StreamAsyncCore<WriteAck>(HubRoutes.Write, [request, UploadAsync(run, over.Token)], over.Token);
            await foreach (var ack in acks.WithCancellation(over.Token).ConfigureAwait(false))
            {
                link.Guard.Taken(ack);
                run.Acknowledge(ack);
                if (ack.Kind == WriteAckKind.Grant)
                {
                    onGranted(ack);
                }
            }
        }
        finally
        {
            await over.CancelAsync().ConfigureAwait(false);
            run.Disconnected();
        }
    }

    /// <summary>The upload source. No exception leaves it: SignalR would send its text to the relay.</summary>
    private static async IAsyncEnumerable<WriteItem> UploadAsync(
        WriterRun run, CancellationToken over, [EnumeratorCancellation] CancellationToken connectionLost = default)
    {
        using var either = CancellationTokenSource.CreateLinkedTokenSource(over, connectionLost);
        while (await NextAsync(run, either.Token).ConfigureAwait(false) is { } item)
        {
            yield return item;
        }
    }

    private static async ValueTask<WriteItem?> NextAsync(WriterRun run, CancellationToken cancellationToken)
    {
        try
        {
            return await run.NextItemAsync(cancellationToken).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            return null;
        }
    }
}
