using System.Collections.Concurrent;
using Microsoft.Extensions.Options;
using Relay.Contracts;
using Relay.Server.Security;
using Relay.Server.Storage;

namespace Relay.Server.Sessions;

/// <summary>Finds, creates and ends sessions. The store decides; this adds the clocks and counters of this relay.</summary>
internal sealed class SessionRegistry(ILogStore store, PresencePublisher presence, IOptions<SessionOptions> options, TimeProvider time) : IDisposable
{
    private readonly ConcurrentDictionary<long, Session> _sessions = new();
    private readonly SemaphoreSlim _creating = new(1);

    public TimeSpan Ttl => options.Value.Ttl;

    /// <summary>The session of an id.</summary>
    /// <exception cref="RelayException">The id is invalid, unknown, deleted or expired.</exception>
    public async ValueTask<Session> GetAsync(string? id, CancellationToken cancellationToken)
    {
        SessionIds.ThrowIfInvalid(id);
        if (await store.FindAsync(id, cancellationToken) is { } log)
        {
            return Wrap(log);
        }

        if (await store.FindTombstoneAsync(id, cancellationToken) is { } tombstone)
        {
            throw tombstone.ToException();
        }

        // Created anew between the two looks, it has no tombstone any more: to say now that there never was one would be wrong.
        return await store.FindAsync(id, cancellationToken) is { } created ? Wrap(created) : throw Errors.SessionNotFound(id);
    }

    /// <summary>The session of an id, for a caller whose right to it was checked.</summary>
    /// <exception cref="RelayException">As before; or the session was deleted and created anew since: a token is for one incarnation.</exception>
    public async ValueTask<Session> GetAsync(string? id, Caller? caller, CancellationToken cancellationToken)
    {
        var session = await GetAsync(id, cancellationToken);
        var isItsOwn = caller?.Token is not { } token || (await store.FindTokenAsync(token, cancellationToken))?.Incarnation == session.Log.Incarnation;
        return isItsOwn ? session : throw Errors.Replaced(session.Id);
    }

    /// <summary>Creates a session.</summary>
    /// <returns>The session, and the tokens that nobody can ask for again.</returns>
    /// <exception cref="RelayException">The id or a label is invalid, the session exists, or there are too many.</exception>
    public async ValueTask<(Session Session, IssuedTokens Tokens)> CreateAsync(
        string? id, IReadOnlyDictionary<string, string>? labels, string owner, CancellationToken cancellationToken)
    {
        SessionIds.ThrowIfInvalid(id);
        labels = SessionLabels.Check(labels);
        var tokens = IssuedTokens.Next();
        Session session;
        await _creating.WaitAsync(cancellationToken); // One after the other, so that none slips in between count and creation.
        try
        {
            await ThrowIfFullAsync(owner, cancellationToken);
            session = Wrap(await store.CreateAsync(id, labels, tokens.ToAccess(owner), cancellationToken));
        }
        finally
        {
            _creating.Release();
        }

        session.Touch();
        presence.Publish(PresenceKind.SessionCreated, session.Log);
        return (session, tokens);
    }

    /// <summary>The session of an id, created if it does not exist.</summary>
    /// <returns>The session, and its tokens if this call created it.</returns>
    public async ValueTask<(Session Session, IssuedTokens? Tokens)> EnsureAsync(
        string? id, IReadOnlyDictionary<string, string>? labels, string owner, CancellationToken cancellationToken)
    {
        SessionIds.ThrowIfInvalid(id);
        while (true)
        {
            if (await store.FindAsync(id, cancellationToken) is { } log)
            {
                return (Wrap(log), null);
            }

            try
            {
                return await CreateAsync(id, labels, owner, cancellationToken);
            }
            catch (SessionExistsException)
            {
                // Someone else created it between the two looks.
            }
        }
    }

    /// <summary>Deletes a session.</summary>
    /// <exception cref="RelayException">There is none.</exception>
    public async ValueTask DeleteAsync(string? id, CancellationToken cancellationToken)
    {
        SessionIds.ThrowIfInvalid(id);
        if (await store.FindAsync(id, cancellationToken) is not { } log || !await EndAsync(log, EndReason.Deleted, unlessHeld: false, cancellationToken))
        {
            throw Errors.SessionNotFound(id);
        }
    }

    /// <summary>Ends every session whose time to live has run out, and saves the activity of the others.</summary>
    /// <returns>How many ended.</returns>
    public async ValueTask<int> SweepAsync(CancellationToken cancellationToken)
    {
        var ended = 0;
        List<Exception> failures = [];
        foreach (var log in await store.ListAsync(cancellationToken))
        {
            try
            {
                ended += await SweepAsync(Wrap(log), cancellationToken) ? 1 : 0;
            }
            catch (Exception e) when (e is not OperationCanceledException)
            {
                failures.Add(e); // One session that cannot be ended must not keep the others alive.
            }
        }

        foreach (var (incarnation, _) in _sessions.Where(entry => entry.Value.Log.Gone != EndReason.None))
        {
            _sessions.TryRemove(incarnation, out _); // Found by a request at the moment it ended.
        }

        await store.MaintainAsync(Ttl, cancellationToken);
        return failures.Count == 0 ? ended : throw new AggregateException($"{failures.Count} sessions could not be swept.", failures);
    }

    /// <summary>All sessions, newest first.</summary>
    public async ValueTask<IReadOnlyList<Session>> ListAsync(CancellationToken cancellationToken) =>
        [.. (await store.ListAsync(cancellationToken)).Select(Wrap).OrderByDescending(session => session.Log.CreatedAt)];

    public void Dispose() => _creating.Dispose();

    private async ValueTask ThrowIfFullAsync(string owner, CancellationToken cancellationToken)
    {
        var (most, mostPerKey) = (options.Value.MaxSessions, options.Value.MaxPerKey);
        if (await store.CountAsync(cancellationToken) >= most)
        {
            throw new RelayException(RelayErrorCode.StorageFull, $"This relay holds its most sessions, {most}. Delete some, or raise Sessions:MaxSessions.");
        }

        if (mostPerKey > 0 && await store.CountAsync(owner, cancellationToken) >= mostPerKey)
        {
            throw new RelayException(
                RelayErrorCode.StorageFull, $"This relay holds as many sessions of this key, or without one, as it may, {mostPerKey}. Delete some, or raise Sessions:MaxPerKey.");
        }
    }

    private async ValueTask<bool> SweepAsync(Session session, CancellationToken cancellationToken)
    {
        if (session.Idle < Ttl)
        {
            await session.SaveActivityAsync(cancellationToken);
            return false;
        }

        if (session.Log.Snapshot().HasWriter)
        {
            session.Touch(); // A writer that is connected and silent keeps its session; its time begins when it leaves.
            return false;
        }

        return await EndAsync(session.Log, EndReason.Expired, unlessHeld: true, cancellationToken);
    }

    private async ValueTask<bool> EndAsync(ISessionLog log, EndReason reason, bool unlessHeld, CancellationToken cancellationToken)
    {
        if (!await store.DeleteAsync(log, reason, unlessHeld, cancellationToken))
        {
            return false;
        }

        _sessions.TryRemove(log.Incarnation, out _);
        presence.Publish(reason == EndReason.Expired ? PresenceKind.SessionExpired : PresenceKind.SessionDeleted, log);
        return true;
    }

    private Session Wrap(ISessionLog log) => _sessions.GetOrAdd(log.Incarnation, static (_, state) => new Session(state.log, state.ttl, state.time), (log, ttl: Ttl, time));
}
