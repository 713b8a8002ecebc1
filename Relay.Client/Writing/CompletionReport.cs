using Relay.Contracts;

namespace Relay.Client;

/// <summary>The relay's answer to a completion: everything is stored and durable, and this is what the comparison of totals said.</summary>
/// <param name="Outputs">One report per output that the writer leased.</param>
public sealed record CompletionReport(IReadOnlyList<OutputReport> Outputs)
{
    /// <summary>Whether count and checksum agree for every output.</summary>
    public bool IsVerified => Outputs.All(output => output.Verdict == Verdict.Verified);
}

/// <summary>How one output ended.</summary>
/// <param name="Output">The output.</param>
/// <param name="Length">Its length in bytes, over all runs that wrote to it.</param>
/// <param name="Verdict">Whether what the relay stored of this run is what this run wrote.</param>
public readonly record struct OutputReport(OutputType Output, long Length, Verdict Verdict);

/// <summary>How far a writer's bytes of one output have come. Counts of this run's own bytes, from its begin.</summary>
/// <param name="Accepted">Taken by <see cref="LogWriter"/>.</param>
/// <param name="Stored">Of these, stored by the relay: they survive a kill of it.</param>
/// <param name="Durable">Of these, durable: they survive a power loss.</param>
/// <param name="Dropped">Of the accepted ones, given up for <see cref="WhenFull.DropOldest"/>. Readers see a gap for those of them that the relay had not stored.</param>
public readonly record struct WriterProgress(long Accepted, long Stored, long Durable, long Dropped = 0);
