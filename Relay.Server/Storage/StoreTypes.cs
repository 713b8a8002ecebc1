using Relay.Contracts;

namespace Relay.Server.Storage;

/// <summary>State of the store as <c>/health</c> shows it.</summary>
internal sealed record StoreHealth(bool IsWritable, string Status);

/// <summary>What is remembered of a session that is gone.</summary>
internal sealed record Tombstone(string Id, EndReason Reason, DateTimeOffset At, SessionAccess? Access = null)
{
    /// <summary>The failure that a client of the lost session is told.</summary>
    public RelayException ToException() => Errors.Gone(Id, Reason, At);
}

/// <summary>Who asks for a lease.</summary>
/// <param name="RunId">The run, 1–64 characters.</param>
/// <param name="Attempt">Its attempt; 0: one more than the last one the log knows.</param>
/// <param name="Outputs">The outputs, at least one.</param>
/// <param name="Incarnation">The incarnation the writer knows, or 0.</param>
/// <param name="Anonymous">The run will never come back under this id.</param>
/// <param name="IsMasked">Secrets in its bytes may have been masked, so that its checksums are no longer those of what is stored.</param>
internal sealed record LeaseRequest(
    string RunId, int Attempt, IReadOnlyList<OutputType> Outputs, long Incarnation, bool Anonymous = false, bool IsMasked = false);

/// <summary>How an output stands, seen from its writer.</summary>
internal enum OutputPhase
{
    /// <summary>No writer has come yet.</summary>
    Waiting,

    /// <summary>A writer holds the lease.</summary>
    Open,

    /// <summary>The last writer left in good order.</summary>
    Closed,

    /// <summary>The last writer vanished.</summary>
    Lost,

    /// <summary>Completed; final.</summary>
    Ended,
}

/// <summary>One output in a <see cref="LogSnapshot"/>.</summary>
internal readonly record struct OutputSnapshot(
    OutputType Output, OutputPhase Phase, long FirstOffset, long FirstLine, long Length, long DurableTo, long Lines, uint Crc32C, string? Writer, long PhaseSince, Verdict Verdict);

/// <summary>The end of a job as the log holds it.</summary>
/// <param name="RunId">The run that completed.</param>
/// <param name="ExitCode">The job's, if it reported one.</param>
/// <param name="Verdicts">What the comparison of totals said, by output.</param>
/// <param name="Totals">What the run says it wrote, by output.</param>
/// <param name="Micros">When it was stored, in microseconds since 1970; 0 when an older relay stored it.</param>
internal sealed record Completion(
    string RunId, int? ExitCode, IReadOnlyDictionary<OutputType, Verdict> Verdicts, IReadOnlyDictionary<OutputType, ReportedTotal> Totals, long Micros);

/// <summary>What the completing run says it wrote to one output.</summary>
/// <param name="Bytes">Count of its bytes, lost ones included.</param>
/// <param name="Crc32C">Checksum over its bytes.</param>
/// <param name="Offset">Where they begin in the output; null when they do not lie in one piece up to its end.</param>
internal sealed record ReportedTotal(long Bytes, uint? Crc32C, long? Offset);

/// <summary>A consistent view of a log.</summary>
internal sealed record LogSnapshot(IReadOnlyList<OutputSnapshot> Outputs, long LastSequence, Completion? Completion, EndReason Gone)
{
    public OutputSnapshot this[OutputType output] => Outputs[(int)output - 1];

    public bool HasWriter => Outputs.Any(output => output.Writer is not null);
}

/// <summary>Where a reader begins.</summary>
internal abstract record ReadFrom
{
    public static readonly ReadFrom Start = new Beginning();

    internal sealed record Beginning : ReadFrom;

    internal sealed record Tail : ReadFrom;

    internal sealed record After(ReadCursor Cursor) : ReadFrom;

    /// <summary>At the last lines of each of some outputs. Where retention has left fewer, at the first byte that is kept.</summary>
    internal sealed record LastLines(long Lines, IReadOnlyList<OutputType> Outputs) : ReadFrom;

    /// <summary>At the record that has newline number <paramref name="Newlines"/> of some outputs together, from 1; 0: at the first record that is kept.</summary>
    internal sealed record Newline(long Newlines, IReadOnlyList<OutputType> Outputs) : ReadFrom;

    /// <summary>Right behind newline number <paramref name="Newlines"/> of an output, where its next line begins, or at its first byte that is kept.</summary>
    internal sealed record LineStart(OutputType Output, long Newlines) : ReadFrom;

    internal sealed record Since(long Micros) : ReadFrom;

    /// <summary>At an offset of one output.</summary>
    internal sealed record Offset(OutputType Output, long Position) : ReadFrom;
}
