using System.Threading.Channels;
using Relay.Contracts;
using Relay.Server.Storage;

namespace Relay.Server.Streaming;

/// <summary>Lets a paced reader have as many batches as it asked for.</summary>
internal sealed class ReaderPace(ChannelReader<int> credits, ReaderPump pump, TimeProvider time, CancellationToken stopping)
{
    private static readonly TimeSpan StallCheck = TimeSpan.FromSeconds(5);
    private long _left;

    /// <summary>Spends one credit, waiting for it if there is none.</summary>
    /// <returns><c>false</c> when the reader ended its credits and has used them up.</returns>
    /// <exception cref="RelayException">A credit is not positive, or the server is stopping.</exception>
    public async ValueTask<bool> SpendAsync(CancellationToken cancellationToken)
    {
        while (credits.TryRead(out var more))
        {
            Add(more);
        }

        if (_left == 0)
        {
            pump.Rest();
            using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, stopping);
            try
            {
                Add(await ReadAsync(either.Token));
            }
            catch (ChannelClosedException e) when (HubErrors.IsUnreadableItem(e.InnerException))
            {
                throw HubErrors.UnreadableItem(e.InnerException!);
            }
            catch (ChannelClosedException)
            {
                return false;
            }
            catch (OperationCanceledException) when (stopping.IsCancellationRequested)
            {
                throw Errors.Stopping();
            }
        }

        _left--;
        return true;
    }

    /// <summary>A reader without credit may stay as long as it likes, but it must not keep the files of a session that is gone.</summary>
    private async Task<int> ReadAsync(CancellationToken cancellationToken)
    {
        var credit = credits.ReadAsync(cancellationToken).AsTask();
        while (true)
        {
            try
            {
                // The read itself ends with the token. A wait that gave up before would leave its failure to nobody, when the connection breaks.
                return await credit.WaitAsync(StallCheck, time, CancellationToken.None);
            }
            catch (TimeoutException)
            {
                pump.LetGoIfGone();
            }
        }
    }

    private void Add(int more)
    {
        if (more <= 0)
        {
            throw new RelayException(RelayErrorCode.InvalidRequest, $"A credit of {more} makes no sense; it must be positive.");
        }

        _left += more;
    }
}
