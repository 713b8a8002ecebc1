using System.Runtime.CompilerServices;
using Relay.Client;
using Relay.Contracts;

namespace Relay.Cli.Tail.Reading;

/// <summary>Reads what the command line asks for: one session as it is, several merged.</summary>
/// <param name="options">How each session is read; told the session that it is for.</param>
/// <param name="onSession">Told of each session before its first batch.</param>
internal sealed class SessionReads(
    TailRelay relay, TailOptions tail, Func<TailedSession, ReadOptions, ReadOptions> options, Action<TailedSession> onSession)
{
    private static readonly TimeSpan LookAgainAfter = TimeSpan.FromSeconds(2);

    private readonly SessionFinder _finder = new(tail.Sessions);
    private readonly MergedLog _merged = new(relay.Time);
    private int _sessions;
    private int _open;

    public IAsyncEnumerable<SessionBatch> ReadAsync(CancellationToken cancellationToken) =>
        tail.IsSingle ? ReadOneAsync(tail.Sessions[0].Text, cancellationToken) : ReadManyAsync(cancellationToken);

    private async IAsyncEnumerable<SessionBatch> ReadOneAsync(string name, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var session = Meet(name);
        await foreach (var batch in Open(session, tail.Read, cancellationToken))
        {
            yield return SessionBatch.Of(session, batch);
        }
    }

    private async IAsyncEnumerable<SessionBatch> ReadManyAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var finding = FindAsync(stop.Token);
        try
        {
            await foreach (var batch in _merged.ReadAsync(stop.Token))
            {
                yield return batch;
            }

            await finding;
        }
        finally
        {
            await stop.CancelAsync();
        }
    }

    private async Task FindAsync(CancellationToken cancellationToken)
    {
        try
        {
            foreach (var name in _finder.Named())
            {
                await JoinAsync(name, tail.Read, cancellationToken);
            }

            if (_finder.HasGlobs)
            {
                await FindMatchesAsync(cancellationToken);
            }
        }
        finally
        {
            _merged.Complete();
        }
    }

    private async Task FindMatchesAsync(CancellationToken cancellationToken)
    {
        var first = new FirstAnswer(relay.Time, tail.Read.FirstConnectTimeout);
        var read = tail.Read with { WaitForSession = false };
        while (true)
        {
            if (await ListAsync(first, cancellationToken) is { } all)
            {
                var room = SessionFinder.MostAtATime - Volatile.Read(ref _open);
                var matches = _finder.New(all, room);
                foreach (var name in matches)
                {
                    await JoinAsync(name, read, cancellationToken);
                }

                // What is created from now on is wanted from its first byte, wherever the others begin.
                read = read with { Start = ReadStart.Beginning };
                if (!tail.Read.Follow && matches.Count < room && !(tail.Read.WaitForSession && _sessions == 0))
                {
                    ThrowIfNothing();
                    return;
                }
            }

            await Task.Delay(LookAgainAfter, relay.Time, cancellationToken);
        }
    }

    private void ThrowIfNothing()
    {
        if (_sessions == 0)
        {
            throw new SessionNotFoundException($"No session matches {string.Join(" or ", tail.Sessions.Select(pattern => $"'{pattern.Text}'"))}.");
        }
    }

    /// <returns><c>null</c> when the relay cannot be reached now.</returns>
    private async Task<IReadOnlyList<SessionStatus>?> ListAsync(FirstAnswer first, CancellationToken cancellationToken)
    {
        try
        {
            var all = await relay.List(tail.Relay, cancellationToken);
            first.Came();
            return all;
        }
        catch (RelayException failure) when (failure.IsRetryable && !first.IsOverdue)
        {
            return null;
        }
    }

    private async ValueTask JoinAsync(string name, ReadOptions read, CancellationToken cancellationToken)
    {
        var session = Meet(name);
        var feed = new SessionFeed(session, relay.Time);
        Interlocked.Increment(ref _open);
        await _merged.JoinAsync(feed, cancellationToken);
        _ = PumpAsync(feed, read, cancellationToken);
    }

    private async Task PumpAsync(SessionFeed feed, ReadOptions read, CancellationToken cancellationToken)
    {
        await feed.PumpAsync(Open(feed.Session, read, cancellationToken), _merged.Changed, cancellationToken);
        Interlocked.Decrement(ref _open);
    }

    private TailedSession Meet(string name)
    {
        var session = new TailedSession(name, _sessions++);
        onSession(session);
        return session;
    }

    private IAsyncEnumerable<LogBatch> Open(TailedSession session, ReadOptions read, CancellationToken cancellationToken) =>
        relay.Open(tail.Relay, session.Name, options(session, read), cancellationToken);

    /// <summary>A relay that was never there is given up after a while; one that went away is waited for.</summary>
    private sealed class FirstAnswer(TimeProvider time, TimeSpan? limit)
    {
        private readonly long _begun = time.GetTimestamp();
        private bool _came;

        public bool IsOverdue => !_came && limit is { } most && time.GetElapsedTime(_begun) >= most;

        public void Came() => _came = true;
    }
}
