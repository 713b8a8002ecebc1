using System.Runtime.CompilerServices;
using Relay.Contracts;
using Relay.Server.Storage;

namespace Relay.Server.Sessions;

/// <summary>Tells one watcher of every session, then of what changes. It looks at counters only, so that sessions in which nothing happens cost next to nothing.</summary>
internal sealed class SessionsWatch(SessionRegistry registry, ILogStore store, SessionStatusMapper mapper, TimeProvider time, IHostApplicationLifetime lifetime)
{
    private const int MostInABatch = 500;
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(500);

    private readonly Dictionary<long, Seen> _seen = [];

    /// <summary>Endless, until it is cancelled.</summary>
    /// <exception cref="RelayException">The relay is stopping.</exception>
    public async IAsyncEnumerable<SessionsBatch> RunAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var isFirst = true;
        while (true)
        {
            var sessions = await registry.ListAsync(cancellationToken);
            var gone = await GoneAsync(sessions, cancellationToken);
            var changed = sessions.Where(HasChanged).ToList();
            if (isFirst || changed.Count + gone.Count > 0)
            {
                foreach (var batch in InBatches(changed, gone))
                {
                    yield return batch;
                }

                isFirst = false;
            }

            await PauseAsync(cancellationToken);
        }
    }

    private async Task PauseAsync(CancellationToken cancellationToken)
    {
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, lifetime.ApplicationStopping);
        await Task.Delay(Interval, time, either.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        cancellationToken.ThrowIfCancellationRequested();
        if (either.IsCancellationRequested)
        {
            throw Errors.Stopping();
        }
    }

    /// <summary>Remembers how a session stands.</summary>
    private bool HasChanged(Session session)
    {
        var now = new Seen(session.Id, session.Log.Changed.Version, session.Readers);
        var isNews = !_seen.TryGetValue(session.Log.Incarnation, out var seen) || seen != now;
        _seen[session.Log.Incarnation] = now;
        return isNews;
    }

    private async Task<List<GoneSession>> GoneAsync(IReadOnlyList<Session> sessions, CancellationToken cancellationToken)
    {
        List<GoneSession> gone = [];
        if (_seen.Count == 0)
        {
            return gone;
        }

        var alive = sessions.Select(session => session.Log.Incarnation).ToHashSet();
        foreach (var (incarnation, seen) in _seen.Where(seen => !alive.Contains(seen.Key)).ToList())
        {
            _seen.Remove(incarnation);
            if (await store.FindAsync(seen.Id, cancellationToken) is null)
            {
                gone.Add(new GoneSession(seen.Id, (await store.FindTombstoneAsync(seen.Id, cancellationToken))?.Reason ?? EndReason.Deleted));
            }
        }

        return gone;
    }

    private IEnumerable<SessionsBatch> InBatches(List<Session> changed, List<GoneSession> gone)
    {
        for (var at = 0; at == 0 || at < changed.Count; at += MostInABatch)
        {
            yield return new SessionsBatch
            {
                Changed = [.. changed.Skip(at).Take(MostInABatch).Select(mapper.ToStatus)],
                Gone = at == 0 ? gone : [],
                IsComplete = at + MostInABatch >= changed.Count,
            };
        }
    }

    private readonly record struct Seen(string Id, long Version, int Readers);
}
