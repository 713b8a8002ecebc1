using Relay.Contracts;

namespace Relay.Server.Storage;

/// <summary>
/// The one seam of the relay: everything that must be atomic over all relays that share a store stands here.
/// What is above it (registry, presence) is a cache.
/// </summary>
internal interface ILogStore : IAsyncDisposable
{
    /// <summary>Whether the store can take writes, in words for <c>/health</c>.</summary>
    StoreHealth Health { get; }

    /// <summary>Creates a session's log. Clears the tombstone of an earlier one.</summary>
    /// <exception cref="SessionExistsException">There is one of this id.</exception>
    ValueTask<ISessionLog> CreateAsync(string id, IReadOnlyDictionary<string, string> labels, SessionAccess? access, CancellationToken cancellationToken);

    /// <summary>The log of a session, or null.</summary>
    ValueTask<ISessionLog?> FindAsync(string id, CancellationToken cancellationToken);

    /// <summary>Every session of the store.</summary>
    ValueTask<IReadOnlyList<ISessionLog>> ListAsync(CancellationToken cancellationToken);

    /// <summary>How many sessions there are.</summary>
    ValueTask<int> CountAsync(CancellationToken cancellationToken);

    /// <summary>How many sessions of this owner there are.</summary>
    ValueTask<int> CountAsync(string owner, CancellationToken cancellationToken);

    /// <summary>Whose token this is; null for one that no session has, nor any that is gone and remembered.</summary>
    ValueTask<TokenOwner?> FindTokenAsync(TokenHash hash, CancellationToken cancellationToken);

    /// <summary>What a session that is gone died of, while that is remembered.</summary>
    ValueTask<Tombstone?> FindTombstoneAsync(string id, CancellationToken cancellationToken);

    /// <summary>Ends a session for <paramref name="reason"/>: leases are refused, readers get the end, its bytes go when the last reader has left.</summary>
    /// <param name="log">The log, as found; another incarnation of the same id is left alone.</param>
    /// <param name="reason"><see cref="EndReason.Deleted"/> or <see cref="EndReason.Expired"/>.</param>
    /// <param name="unlessHeld">Leave the session alone if a writer holds a lease.</param>
    /// <param name="cancellationToken">Gives up before the first change; not after.</param>
    /// <returns>Whether this call ended it.</returns>
    ValueTask<bool> DeleteAsync(ISessionLog log, EndReason reason, bool unlessHeld, CancellationToken cancellationToken);

    /// <summary>Periodic upkeep: idle sessions give back memory and handles, retention trims, old tombstones go.</summary>
    ValueTask MaintainAsync(TimeSpan tombstoneLife, CancellationToken cancellationToken);
}

/// <summary>One session's log: an ordered, append-only sequence of records over all its outputs.</summary>
internal interface ISessionLog
{
    string Id { get; }

    /// <summary>Random number given at creation, below 2^53.</summary>
    long Incarnation { get; }

    DateTimeOffset CreatedAt { get; }

    /// <summary>The last activity that was stored; after a restart, where the time to live goes on.</summary>
    DateTimeOffset StoredActivityAt { get; }

    IReadOnlyDictionary<string, string> Labels { get; }

    /// <summary>The hashes of its tokens, and who created it; null for a session of a relay that knew no tokens.</summary>
    SessionAccess? Access { get; }

    /// <summary>Why the session is gone, or none.</summary>
    EndReason Gone { get; }

    /// <summary>Fires after every change a reader could want to see.</summary>
    Pulse Changed { get; }

    /// <summary>Fires when more became durable.</summary>
    Pulse Flushed { get; }

    /// <summary>A consistent view of where the log stands.</summary>
    LogSnapshot Snapshot();

    /// <summary>Grants the lease of outputs to a run, fencing an earlier attempt of the same run.</summary>
    /// <exception cref="RelayException">Completed, gone, replaced, held by another run, or fenced.</exception>
    ValueTask<WriterLease> AcquireAsync(LeaseRequest request, CancellationToken cancellationToken);

    /// <summary>Checks lease and offset, and appends what is new.</summary>
    /// <param name="lease">The lease, as granted.</param>
    /// <param name="output">One of the lease's outputs.</param>
    /// <param name="offset">Where the first byte belongs, or null for the end.</param>
    /// <param name="data">The bytes; copied before the call returns.</param>
    /// <param name="cancellationToken">Gives up before the append; not within.</param>
    /// <returns>The length of the output.</returns>
    /// <exception cref="OffsetMismatchException">The data does not begin where it may.</exception>
    /// <exception cref="RelayException">The lease is lost, or the store cannot write.</exception>
    ValueTask<long> AppendAsync(WriterLease lease, OutputType output, long? offset, ReadOnlyMemory<byte> data, CancellationToken cancellationToken);

    /// <summary>Appends messages, each as a record of its own, at the end and in one go.</summary>
    /// <param name="lease">The lease, as granted.</param>
    /// <param name="output">One of the lease's outputs.</param>
    /// <param name="messages">The bytes of all of them; copied before the call returns.</param>
    /// <param name="ends">Where in the bytes each of them ends, ascending; none is longer than a record.</param>
    /// <param name="cancellationToken">Gives up before the append; not within.</param>
    /// <inheritdoc cref="AppendAsync"/>
    ValueTask<long> AppendMessagesAsync(WriterLease lease, OutputType output, ReadOnlyMemory<byte> messages, ReadOnlyMemory<int> ends, CancellationToken cancellationToken);

    /// <summary>Puts a gap in the place of bytes that the writer no longer holds.</summary>
    ValueTask<long> AppendGapAsync(WriterLease lease, OutputType output, long offset, long length, CancellationToken cancellationToken);

    /// <summary>Stores the completion of the session. Repeating it changes nothing.</summary>
    ValueTask<Completion> CompleteAsync(WriterLease lease, int? exitCode, IReadOnlyList<OutputTotal> totals, CancellationToken cancellationToken);

    /// <summary>Gives the lease back. Does nothing if it is lost already.</summary>
    ValueTask ReleaseAsync(WriterLease lease, bool inGoodOrder);

    /// <summary>Asks for everything written so far to become durable soon, and waits for it.</summary>
    Task FlushAsync(CancellationToken cancellationToken);

    /// <summary>Opens a reader.</summary>
    /// <exception cref="RelayException">The cursor belongs to another incarnation, or the offset is beyond the end.</exception>
    ILogReader OpenReader(ReadFrom from);

    /// <summary>Stores when the session was last active.</summary>
    ValueTask SaveActivityAsync(DateTimeOffset at, CancellationToken cancellationToken);
}

/// <summary>A cursor over one session's log. Not safe for concurrent use.</summary>
internal interface ILogReader : IDisposable
{
    /// <summary>Resumes after what was read so far.</summary>
    ReadCursor Cursor { get; }

    /// <summary>How many newlines of an output lie before what <see cref="Read"/> returns next. Only of a reader that began at a newline, a line or the beginning.</summary>
    long LinesBefore(OutputType output);

    /// <summary>
    /// Adds what is there, at most <paramref name="maxBytes"/> of payload but at least one record. Entries are data, gap and diverged;
    /// their memory is valid until the next call.
    /// </summary>
    /// <returns><c>false</c> when the reader is at the tail: nothing was added.</returns>
    bool Read(List<LogEntry> entries, int maxBytes);

    /// <summary>Gives back the memory of what was read: its reader has to wait before it may read on.</summary>
    void Rest();
}
