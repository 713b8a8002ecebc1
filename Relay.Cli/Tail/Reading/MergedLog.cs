using System.Runtime.CompilerServices;
using System.Threading.Channels;

namespace Relay.Cli.Tail.Reading;

/// <summary>Several sessions as one log, in the order of the relay's time stamps. One that falls silent holds the others up for a moment, once.</summary>
internal sealed class MergedLog(TimeProvider time)
{
    private readonly Channel<SessionFeed> _joining = Channel.CreateBounded<SessionFeed>(SessionFinder.MostAtATime);
    private readonly Channel<bool> _changes = Channel.CreateBounded<bool>(
        new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });

    private readonly List<SessionFeed> _feeds = [];
    private volatile bool _isComplete;

    /// <summary>Something came: look again.</summary>
    public void Changed() => _changes.Writer.TryWrite(true);

    /// <summary>Another session joins.</summary>
    public async ValueTask JoinAsync(SessionFeed feed, CancellationToken cancellationToken)
    {
        await _joining.Writer.WriteAsync(feed, cancellationToken);
        Changed();
    }

    /// <summary>No further session joins.</summary>
    public void Complete()
    {
        _isComplete = true;
        Changed();
    }

    public async IAsyncEnumerable<SessionBatch> ReadAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        while (true)
        {
            var isComplete = _isComplete; // Before the look at who joins: all that joined are seen below.
            while (_joining.Reader.TryRead(out var feed))
            {
                _feeds.Add(feed);
            }

            foreach (var feed in _feeds)
            {
                feed.Fill();
            }

            for (var i = _feeds.Count - 1; i >= 0; i--)
            {
                if (_feeds[i] is { IsOver: true } over)
                {
                    _feeds.RemoveAt(i);
                    if (over.Failure is { } failure)
                    {
                        yield return new SessionBatch(over.Session, [], null, failure);
                    }
                }
            }

            if (_feeds.Count == 0 && isComplete)
            {
                yield break;
            }

            if (Next(out var wait) is { } next)
            {
                yield return next;
            }
            else
            {
                await ChangeAsync(wait, cancellationToken);
            }
        }
    }

    private SessionBatch? Next(out TimeSpan wait)
    {
        SessionFeed? first = null;
        var others = long.MaxValue;
        wait = TimeSpan.Zero;
        foreach (var feed in _feeds)
        {
            var held = feed.HoldsUpFor();
            wait = held > wait ? held : wait;
            if (!feed.HasEntries)
            {
                continue;
            }

            if (first is null || feed.NextTime < first.NextTime)
            {
                others = Math.Min(others, first?.NextTime ?? long.MaxValue);
                first = feed;
            }
            else
            {
                others = Math.Min(others, feed.NextTime);
            }
        }

        if (first is null)
        {
            wait = Timeout.InfiniteTimeSpan;
            return null;
        }

        return wait > TimeSpan.Zero ? null : first.Take(others);
    }

    private async Task ChangeAsync(TimeSpan atMost, CancellationToken cancellationToken)
    {
        using var enough = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var change = _changes.Reader.WaitToReadAsync(enough.Token).AsTask();
        await Task.WhenAny(change, Task.Delay(atMost, time, enough.Token));
        await enough.CancelAsync();
        cancellationToken.ThrowIfCancellationRequested();
        _changes.Reader.TryRead(out _);
    }
}
