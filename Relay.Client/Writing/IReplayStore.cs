using System.Diagnostics.CodeAnalysis;
using Relay.Contracts;

namespace Relay.Client.Writing;

/// <summary>
/// The bytes of a run that are not durable at the relay yet, of all outputs in the order in which they were written, and where sending
/// stands: in memory (<see cref="ReplayBuffer"/>) or on disk (<see cref="Spooling.Spool"/>). Positions count the run's own bytes of an
/// output. Not thread-safe.
/// </summary>
internal interface IReplayStore : IDisposable
{
    /// <summary>Whether what it holds outlives the process, so that it is worth filling when no relay will take it.</summary>
    bool IsPersistent { get; }

    /// <summary>Whether to take bytes beyond the bound. For the last ones of a process that has ended.</summary>
    bool IsUnlimited { get; set; }

    /// <summary>What a later process must know to go on with the run. Setting it stores it.</summary>
    RunFacts Facts { get; set; }

    /// <summary>Whether everything was taken on this connection.</summary>
    bool AllSent { get; }

    /// <summary>Whether the run writes this output.</summary>
    bool Takes(OutputType output);

    /// <summary>How many bytes of the output were taken, skipped ones included.</summary>
    long Accepted(OutputType output);

    /// <summary>Count and checksum of everything taken.</summary>
    OutputTotal Total(OutputType output);

    /// <summary>The last checkpoint that came with bytes of the output; empty if there was none.</summary>
    ReadOnlyMemory<byte> Checkpoint(OutputType output);

    /// <summary>How many bytes it copies in at a time.</summary>
    int MostAtOnce => ReplayBuffer.MaxItemBytes;

    /// <summary>Copies 1 to <see cref="MostAtOnce"/> bytes in, and the checkpoint with them, if there is one.</summary>
    /// <returns><c>false</c> when there is no room; then nothing was taken.</returns>
    bool TryAppend(OutputType output, ReadOnlySpan<byte> bytes, ReadOnlySpan<byte> checkpoint = default);

    /// <summary>Makes room by giving up what was taken first. Who asks for it later finds a hole in the positions.</summary>
    /// <returns>How many bytes that are not durable at the relay were given up, by output; <c>null</c> when nothing can be given up.</returns>
    IReadOnlyList<(OutputType Output, long Bytes)>? DropOldest();

    /// <summary>Counts bytes as taken without holding them.</summary>
    void Skip(OutputType output, ReadOnlySpan<byte> bytes);

    /// <summary>Takes the next bytes that are to be sent on this connection. A position behind the last one taken shows a hole.</summary>
    bool TryTake([NotNullWhen(true)] out OutputType output, out long position, out ReadOnlyMemory<byte> bytes);

    /// <summary>A new connection: everything is to be sent again but what the relay has.</summary>
    void Rewind();

    /// <summary>After <see cref="Rewind"/>: where the relay wants to go on.</summary>
    void SendFrom(OutputType output, long position);

    /// <summary>Everything of the output below <paramref name="position"/> is durable at the relay. What was not sent is never released.</summary>
    void Release(OutputType output, long position);

    /// <summary>The relay has written the output up to <paramref name="position"/>, on this connection: nobody looks at the items below any more.</summary>
    void Written(OutputType output, long position)
    {
    }

    /// <summary>The run is over, and nothing of it is owed to anybody: leaves nothing behind.</summary>
    void Discard();
}

/// <summary>How a run stands towards the relay.</summary>
/// <param name="Attempt">The last attempt that was made.</param>
/// <param name="Incarnation">Of the session, as first granted; 0 before.</param>
/// <param name="IsCreated">The session was created, or found, once: it must not be created again.</param>
/// <param name="IsCompleting">The last byte was written and the end is to be reported.</param>
/// <param name="ExitCode">With <paramref name="IsCompleting"/>: the job's exit code, if it has one.</param>
/// <param name="Refusal">Why the relay refused the run for good, or <c>null</c>.</param>
internal readonly record struct RunFacts(
    int Attempt, long Incarnation, bool IsCreated, bool IsCompleting, int? ExitCode, RelayErrorCode? Refusal);
