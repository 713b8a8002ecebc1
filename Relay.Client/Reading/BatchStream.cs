using System.Threading.Channels;
using Microsoft.AspNetCore.SignalR.Client;
using Relay.Client.Connections;
using Relay.Contracts;

namespace Relay.Client.Reading;

/// <summary>
/// One invocation of <c>ReadPaced</c>. SignalR's client buffers received stream items without bound; the credit window is what bounds it:
/// the relay sends no batch that was not asked for, and one that does is hung up on (<see cref="ReceiveGuard"/>).
/// </summary>
internal sealed class BatchStream : IAsyncDisposable
{
    /// <summary>Batches that may be on their way or wait in the client.</summary>
    public const int Window = 16;

    // A credit is a message, and costs as much as a small batch: they go out together. The window is a multiple, so none is owed while the relay waits for one.
    private const int CreditsAtOnce = Window / 4;

    // A stream is not cancelled by leaving its loop, only by its token. Never more than one credit a batch is under way.
    private readonly CancellationTokenSource _cancelled = new();
    private readonly Channel<int> _credits = Channel.CreateBounded<int>(Window + 1);
    private readonly IAsyncEnumerator<LogBatch> _batches;

    private readonly ReceiveGuard _guard;
    private int _consumed;

    public BatchStream(HubLink link, ReadRequest request)
    {
        _guard = link.Guard;
        _guard.Expect(Window);
        _credits.Writer.TryWrite(Window);
        _batches = link.Connection
            .StreamAsyncCore<LogBatch>(HubRoutes.ReadPaced, [request, _credits.Reader], _cancelled.Token)
            .GetAsyncEnumerator(_cancelled.Token);
    }

    /// <summary>The next batch, or <c>null</c> when the relay ended the stream.</summary>
    public async ValueTask<LogBatch?> NextAsync(CancellationToken cancellationToken)
    {
        using var _ = cancellationToken.UnsafeRegister(static self => ((CancellationTokenSource)self!).Cancel(), _cancelled);
        return await _batches.MoveNextAsync().ConfigureAwait(false) ? _batches.Current : null;
    }

    /// <summary>A batch was consumed: the relay may soon send one more.</summary>
    public void Credit(LogBatch consumed)
    {
        _guard.Taken(consumed);
        if (++_consumed == CreditsAtOnce)
        {
            _credits.Writer.TryWrite(_consumed);
            _consumed = 0;
        }
    }

    public async ValueTask DisposeAsync()
    {
        _credits.Writer.TryComplete();
        await _cancelled.CancelAsync().ConfigureAwait(false);
        try
        {
            await _batches.DisposeAsync().ConfigureAwait(false);
        }
        catch (Exception)
        {
            // What ended the stream was reported where it was read; leaving it has nothing to add.
        }

        _cancelled.Dispose();
    }
}
