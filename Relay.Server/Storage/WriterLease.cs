using System.Diagnostics.CodeAnalysis;
using Relay.Contracts;

namespace Relay.Server.Storage;

/// <summary>The right of one run's attempt to append to some outputs of a session.</summary>
[SuppressMessage("Design", "CA1001", Justification = "The token source has no timer and no wait handle; disposing it would race with a revocation from another thread.")]
internal sealed class WriterLease(LeaseRequest request, int attempt, long fencingNumber, long incarnation, IReadOnlyList<OutputProgress> start)
{
    private readonly CancellationTokenSource _lost = new();
    private RelayException? _lossReason;

    public string RunId => request.RunId;

    public int Attempt => attempt;

    /// <summary>Its run will never come back.</summary>
    public bool IsAnonymous => request.Anonymous;

    /// <inheritdoc cref="LeaseRequest"/>
    public bool IsMasked => request.IsMasked;

    public IReadOnlyList<OutputType> Outputs => request.Outputs;

    /// <summary>Grows with every lease of the session.</summary>
    public long FencingNumber => fencingNumber;

    public long Incarnation => incarnation;

    /// <summary>Where each output stood when the lease was granted.</summary>
    public IReadOnlyList<OutputProgress> Start => start;

    /// <summary>Fires when the lease is lost to a later attempt, a deletion or a failure of the store.</summary>
    public CancellationToken Lost => _lost.Token;

    /// <summary>Why it is lost; null while it holds.</summary>
    public RelayException? LossReason => Volatile.Read(ref _lossReason);

    /// <summary>Ends the lease. Its stream learns the reason; the first reason stays.</summary>
    public void Revoke(RelayException reason)
    {
        if (Interlocked.CompareExchange(ref _lossReason, reason, null) is null)
        {
            // Off this thread: callbacks must not run under the log's lock.
            _ = _lost.CancelAsync();
        }
    }
}
