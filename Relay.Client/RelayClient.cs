using Relay.Client.Connections;
using Relay.Client.Reading;
using Relay.Client.Sessions;
using Relay.Client.Spooling;
using Relay.Client.Writing;
using Relay.Contracts;

namespace Relay.Client;

/// <summary>
/// A relay, seen from a client: sessions come and go here, logs are read and written. Safe for use from many threads; one per relay and
/// process is enough. Each reader and each writer has a connection of its own.
/// </summary>
/// <remarks>
/// Every failure that the relay reports, and every failure to reach it, is a <see cref="RelayException"/> whose <see cref="RelayException.Code"/>
/// says which. Cancellation is an <see cref="OperationCanceledException"/>.
/// </remarks>
public sealed class RelayClient : IDisposable
{
    private readonly SessionApi _sessions;
    private readonly HubDialer _dialer;

    /// <summary>Makes a client of the relay at <paramref name="url"/>. Nothing is connected yet.</summary>
    public RelayClient(Uri url)
        : this(new RelayClientOptions { Url = url })
    {
    }

    /// <summary>Makes a client. Nothing is connected yet.</summary>
    /// <exception cref="ArgumentException">An option is out of its range.</exception>
    public RelayClient(RelayClientOptions? options = null)
    {
        options ??= new RelayClientOptions();
        RelayClientOptions.ThrowIfInvalid(options);
        _sessions = new SessionApi(options);
        _dialer = new HubDialer(options);
    }

    /// <summary>Creates a session.</summary>
    /// <param name="id">1–256 UTF-8 bytes without control characters, <c>/</c> or <c>\</c>; not <c>.</c> or <c>..</c>.</param>
    /// <param name="labels">At most 32; 1–64 characters a name, up to 256 a value.</param>
    /// <param name="cancellationToken">Ends the call; the session may have been created all the same.</param>
    /// <returns>The session's tokens; <c>null</c> from a relay that knows none.</returns>
    /// <exception cref="SessionExistsException">There is one of this id.</exception>
    /// <exception cref="AccessDeniedException">Creating sessions takes an admin key.</exception>
    /// <exception cref="RelayException">The id or a label is refused, or the relay cannot be reached.</exception>
    public Task<SessionTokens?> CreateSessionAsync(string id, IReadOnlyDictionary<string, string>? labels = null, CancellationToken cancellationToken = default) =>
        _sessions.CreateAsync(id, labels, cancellationToken);

    /// <summary>Creates a session unless there is one of this id; that one's labels stay as they are. For one that exists its write token is enough.</summary>
    /// <returns>The session's tokens if this call created it, else <c>null</c>.</returns>
    /// <exception cref="RelayException">The id or a label is refused, or the relay cannot be reached.</exception>
    public Task<SessionTokens?> EnsureSessionAsync(string id, IReadOnlyDictionary<string, string>? labels = null, CancellationToken cancellationToken = default) =>
        _sessions.EnsureAsync(id, labels, cancellationToken);

    /// <summary>Asks how a session stands.</summary>
    /// <returns>Its status, or <c>null</c> when no session of this id is known.</returns>
    /// <exception cref="SessionGoneException">It was deleted or expired a while ago.</exception>
    /// <exception cref="RelayException">The id is refused, or the relay cannot be reached.</exception>
    public Task<SessionStatus?> GetSessionAsync(string id, CancellationToken cancellationToken = default) =>
        _sessions.GetAsync(id, cancellationToken);

    /// <summary>Lists all sessions, newest first.</summary>
    /// <exception cref="RelayException">The relay cannot be reached.</exception>
    public Task<IReadOnlyList<SessionStatus>> ListSessionsAsync(CancellationToken cancellationToken = default) =>
        _sessions.ListAsync(cancellationToken);

    /// <summary>
    /// Searches a session's log at the relay, which needs no more of it here than the lines that match. Takes a limited time; an answer whose <see cref="SearchAnswer.End"/>
    /// is not <c>complete</c> is followed by another that begins at its <see cref="SearchAnswer.Next"/>.
    /// </summary>
    /// <param name="request">What to look for. At most 10,000 matches at a time; the lines always come along.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    /// <exception cref="SessionNotFoundException">There is no such session.</exception>
    /// <exception cref="RelayException">The request is refused, or the relay cannot be reached.</exception>
    public Task<SearchAnswer> SearchAsync(SearchRequest request, CancellationToken cancellationToken = default) =>
        _sessions.SearchAsync(request, cancellationToken);

    /// <summary>Deletes a session and its log. Its readers get the end, its writer is refused.</summary>
    /// <exception cref="SessionNotFoundException">There is none of this id, or it is gone already.</exception>
    /// <exception cref="RelayException">The id is refused, or the relay cannot be reached.</exception>
    public Task DeleteSessionAsync(string id, CancellationToken cancellationToken = default) =>
        _sessions.DeleteAsync(id, cancellationToken);

    /// <summary>
    /// Reads a session's log, entry by entry: what is stored and then what arrives, in the order in which it was stored, over all outputs.
    /// Lost connections and restarts of the relay are bridged: each entry comes once, none is left out without a
    /// <see cref="LogEntryKind.Gap"/> or <see cref="LogEntryKind.Diverged"/> entry. The <see cref="LogEntryKind.End"/> entry is the last one.
    /// </summary>
    /// <remarks>
    /// A slow consumer holds back the relay, never its own memory: at most 16 batches of at most 192 KiB wait in the client.
    /// To go on later, or in another process, keep the cursors of <see cref="ReadBatchesAsync"/>.
    /// </remarks>
    /// <param name="session">The session's id.</param>
    /// <param name="options">What to read and where to begin. Default: everything from the beginning, and follow.</param>
    /// <param name="cancellationToken">Ends the read at once with <see cref="OperationCanceledException"/>.</param>
    /// <exception cref="SessionNotFoundException">No such session, and <see cref="ReadOptions.WaitForSession"/> is off.</exception>
    /// <exception cref="SessionGoneException">It was deleted, expired, or replaced by another of the same id.</exception>
    /// <exception cref="RelayException">A refusal that no retry can change, or no connection within <see
    /// cref="ReadOptions.FirstConnectTimeout"/>.</exception>
    public IAsyncEnumerable<LogEntry> ReadAsync(string session, ReadOptions? options = null, CancellationToken cancellationToken = default) =>
        LogReader.Entries(ReadBatchesAsync(session, options, cancellationToken), cancellationToken);

    /// <summary>
    /// As <see cref="ReadAsync"/>, batch by batch. <see cref="LogBatch.Cursor"/> resumes after the batch; a batch without entries only moved
    /// the cursor. A batch counts as consumed when the next one is asked for.
    /// </summary>
    /// <inheritdoc cref="ReadAsync"/>
    public IAsyncEnumerable<LogBatch> ReadBatchesAsync(string session, ReadOptions? options = null, CancellationToken cancellationToken = default)
    {
        SessionIds.ThrowIfInvalid(session);
        var resume = new ReadResume(session, options ?? new ReadOptions());
        return LogReader.Batches(_dialer, resume, cancellationToken);
    }

    /// <summary>
    /// Follows what happens to a session: writers that come and go, completion, deletion. The session need not exist yet. Presence is a hint:
    /// what happened while nobody watched, or while the connection was lost, is not replayed; a consumer that stays behind by more than
    /// 256 events loses the oldest. Goes on until it is cancelled.
    /// </summary>
    /// <exception cref="RelayException">A refusal that no retry can change.</exception>
    public IAsyncEnumerable<PresenceEvent> WatchAsync(string session, CancellationToken cancellationToken = default)
    {
        SessionIds.ThrowIfInvalid(session);
        return PresenceWatch.EventsAsync(_dialer, session, cancellationToken);
    }

    /// <summary>Opens a writer and starts to connect it in the background. It takes bytes at once, whether the relay is there or not.</summary>
    /// <exception cref="RelayException">The id breaks the rules for ids.</exception>
    /// <exception cref="ArgumentException">An option is out of its range, or the spool is of another session.</exception>
    /// <exception cref="SpoolInUseException">Another writer has the spool.</exception>
    /// <exception cref="InvalidDataException">The spool's folder holds something else, or a newer format.</exception>
    /// <exception cref="IOException">The spool's folder cannot be made or written.</exception>
    /// <exception cref="UnauthorizedAccessException">As before.</exception>
    public LogWriter OpenWriter(string session, WriterOptions? options = null)
    {
        SessionIds.ThrowIfInvalid(session);
        return new LogWriter(_dialer, _sessions, session, options ?? new WriterOptions());
    }

    /// <summary>
    /// Takes up a run that an earlier process left in a spool, as <see cref="SpoolFolder.List"/> shows them, and starts to deliver it;
    /// <see cref="LogWriter.DeliverAsync"/> waits for that.
    /// </summary>
    /// <param name="folder">The run's folder.</param>
    /// <param name="session">Deliver into this session instead of the run's own, e.g. because that one expired. What the first one has durably
    /// is then a gap at the beginning.</param>
    /// <param name="options">Further settings; session, run, outputs and labels come from the spool.</param>
    /// <exception cref="DirectoryNotFoundException">There is no spool, or no longer; or <see cref="FileNotFoundException"/>.</exception>
    /// <inheritdoc cref="OpenWriter"/>
    public LogWriter OpenSpool(string folder, string? session = null, WriterOptions? options = null)
    {
        var found = session is null ? SpoolDescription.Read(folder) : SpoolFolder.Redirect(folder, session);
        options ??= new WriterOptions();
        var spool = (options.Spool ?? new SpoolOptions { Folder = folder }) with
        {
            Folder = folder,
            KeepWhenDrained = found.KeepWhenDrained,
            MustExist = true,
        };
        return OpenWriter(found.Session, options with { Spool = spool });
    }

    /// <summary>Ends the HTTP calls that are under way. Readers and writers have their own lives.</summary>
    public void Dispose() => _sessions.Dispose();
}
