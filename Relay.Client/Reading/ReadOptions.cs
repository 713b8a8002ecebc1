using Relay.Contracts;

namespace Relay.Client;

/// <summary>What to read, where to begin, and what to do when there is nothing to read yet.</summary>
public sealed record ReadOptions
{
    /// <summary>The outputs to read. Default: empty, which means all.</summary>
    public IReadOnlyList<OutputType> Outputs { get; init; } = [];

    /// <summary>Where to begin. Default: at the oldest byte that is kept.</summary>
    /// <remarks>
    /// A reader that lost its connection goes on from the cursor of the last batch it consumed. Before its first batch it has none and begins
    /// as told here once more: <see cref="ReadStart.TailLines"/> then counts from the newer end, and <see cref="ReadStart.Now"/> leaves out
    /// what was written in between. Who may miss nothing begins at <see cref="ReadStart.Beginning"/> or at a cursor.
    /// </remarks>
    public ReadStart Start { get; init; } = ReadStart.Beginning;

    /// <summary>With <see cref="ReadStart.Cursor"/>: the <see cref="LogBatch.Cursor"/> of the last batch that was consumed.</summary>
    public string? Cursor { get; init; }

    /// <summary>With <see cref="ReadStart.TailLines"/>: how many lines of each output. Not below zero.</summary>
    public long TailLines { get; init; }

    /// <summary>With <see cref="ReadStart.Since"/>: the first record stored at or after this time.</summary>
    public DateTimeOffset Since { get; init; }

    /// <summary><c>true</c> (default): stay and wait for more until the session ends. <c>false</c>: stop at the tail.</summary>
    public bool Follow { get; init; } = true;

    /// <summary>
    /// <c>true</c>: while nothing has been read yet, a session that does not exist, or does no longer, is waited for. Default <c>false</c>: it
    /// is refused.
    /// </summary>
    public bool WaitForSession { get; init; }

    /// <summary>
    /// How long to go on trying while no connection has succeeded yet; then the read fails with <see cref="RelayErrorCode.ConnectionLost"/>.
    /// Default <c>null</c>: for ever. After a first success a reader always reconnects for ever.
    /// </summary>
    public TimeSpan? FirstConnectTimeout { get; init; }

    /// <summary>Told when the connection changes, and of every failed attempt. Called on the reader's own path, in order: it should return soon.
    /// Its exceptions
    /// are logged and go no further.</summary>
    public Action<ConnectionChange>? OnConnectionChange { get; init; }

    /// <summary>
    /// Told of writers that come and go while this reader is connected. A hint: not replayed, and its order against the entries is not fixed.
    /// Called beside the read, one event at a time: it should return soon. While it does not, 256 events wait and further ones are left out.
    /// Its exceptions are logged and go no further.
    /// </summary>
    public Action<PresenceEvent>? OnPresence { get; init; }
}
