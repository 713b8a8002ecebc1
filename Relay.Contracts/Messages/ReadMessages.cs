namespace Relay.Contracts;

/// <summary>Where a reader begins.</summary>
public enum ReadStart
{
    /// <summary>At the oldest byte that is kept.</summary>
    Beginning = 0,

    /// <summary>After the record that <see cref="ReadRequest.Cursor"/> names.</summary>
    Cursor = 1,

    /// <summary>At the last <see cref="ReadRequest.TailLines"/> lines of each output.</summary>
    TailLines = 2,

    /// <summary>At the first record stored at or after <see cref="ReadRequest.SinceMicros"/>.</summary>
    Since = 3,

    /// <summary>At the tail: only what arrives from now on.</summary>
    Now = 4,
}

/// <summary>First argument of <see cref="HubRoutes.Read"/> and <see cref="HubRoutes.ReadPaced"/>.</summary>
public sealed record ReadRequest
{
    /// <summary>Contract version of the reader.</summary>
    public int Version { get; init; } = ContractVersion.Current;

    /// <summary>The session's id.</summary>
    public string Session { get; init; } = "";

    /// <summary>The outputs to read. Empty means all.</summary>
    public IReadOnlyList<OutputType> Outputs { get; init; } = [];

    /// <summary>Where to begin.</summary>
    public ReadStart Start { get; init; }

    /// <summary>With <see cref="ReadStart.Cursor"/>: the cursor of the last batch that was consumed.</summary>
    public string? Cursor { get; init; }

    /// <summary>With <see cref="ReadStart.TailLines"/>: how many lines of each output.</summary>
    public long TailLines { get; init; }

    /// <summary>With <see cref="ReadStart.Since"/>: microseconds since 1970-01-01T00:00:00Z.</summary>
    public long SinceMicros { get; init; }

    /// <summary><c>true</c>: stay and wait for more until the session ends. <c>false</c>: stop at the tail.</summary>
    public bool Follow { get; init; } = true;
}

/// <summary>A piece of a session's log, in the order of sequence numbers.</summary>
public record LogBatch
{
    /// <summary>Resumes after this batch. Opaque; up to 64 characters.</summary>
    public string Cursor { get; init; } = "";

    /// <summary>The entries. May be empty: then only the cursor moved.</summary>
    public IReadOnlyList<LogEntry> Entries { get; init; } = [];
}

/// <summary>What a <see cref="LogEntry"/> is.</summary>
public enum LogEntryKind
{
    /// <summary>Not a valid entry.</summary>
    None = 0,

    /// <summary>Bytes of one output.</summary>
    Data = 1,

    /// <summary>Bytes <see cref="LogEntry.Offset"/> to <see cref="LogEntry.Offset"/> + <see cref="LogEntry.Length"/> of an output are missing.</summary>
    Gap = 2,

    /// <summary>What the reader saw after <see cref="LogEntry.Sequence"/> did not survive a crash; <see cref="LogEntry.Totals"/> say how many bytes of each output did.</summary>
    Diverged = 3,

    /// <summary>Nothing more will come; the last entry.</summary>
    End = 4,
}

/// <summary>Why bytes are missing.</summary>
public enum GapReason
{
    /// <summary>Not a gap.</summary>
    None = 0,

    /// <summary>Removed by retention.</summary>
    Trimmed = 1,

    /// <summary>Damaged on disk.</summary>
    Corrupt = 2,

    /// <summary>The writer no longer held them.</summary>
    LostByWriter = 3,
}

/// <summary>Why a read ended.</summary>
public enum EndReason
{
    /// <summary>Not an end.</summary>
    None = 0,

    /// <summary>The job completed and reported so; <see cref="LogEntry.ExitCode"/> may be set.</summary>
    Completed = 1,

    /// <summary>The last writer left in good order without completing, and none came back in time.</summary>
    WriterClosed = 2,

    /// <summary>The writer vanished and did not come back in time. Raw readers only.</summary>
    WriterLost = 3,

    /// <summary>The session was deleted.</summary>
    Deleted = 4,

    /// <summary>The session's time to live ran out.</summary>
    Expired = 5,

    /// <summary>The reader asked to stop at the tail and is there.</summary>
    Tail = 6,
}

/// <summary>One entry of a <see cref="LogBatch"/>.</summary>
public readonly record struct LogEntry
{
    /// <summary>What the entry is; decides which of the other fields count.</summary>
    public LogEntryKind Kind { get; init; }

    /// <summary>Data and gap: the output.</summary>
    public OutputType Output { get; init; }

    /// <summary>Data and gap: offset of the first byte.</summary>
    public long Offset { get; init; }

    /// <summary>Position of the record within the session, from 1. Diverged: the last sequence that survived.</summary>
    public long Sequence { get; init; }

    /// <summary>When the server stored the record: microseconds since 1970-01-01T00:00:00Z.</summary>
    public long TimeMicros { get; init; }

    /// <summary>Data: the bytes. On the server valid only until the next batch is asked for.</summary>
    public ReadOnlyMemory<byte> Data { get; init; }

    /// <summary>Gap: how many bytes are missing.</summary>
    public long Length { get; init; }

    /// <summary>Gap: why.</summary>
    public GapReason Gap { get; init; }

    /// <summary>End: why.</summary>
    public EndReason End { get; init; }

    /// <summary>End: the job's exit code, if it reported one.</summary>
    public int? ExitCode { get; init; }

    /// <summary>Bytes and checksum up to here: with an end of each requested output, with a divergence of every output.</summary>
    public IReadOnlyList<OutputTotal>? Totals { get; init; }
}
