using Relay.Contracts;

namespace Relay.Client.Writing;

/// <summary>
/// Decides whether a failure is worth another attempt. Retryable ones always are. A lease that another run holds is waited for, but not
/// for ever: the other run may be alive and well. All else is final.
/// </summary>
internal sealed class LeasePatience(TimeProvider time, TimeSpan leaseWait)
{
    private long? _refusedSince;

    public bool IsFinal(RelayException failure)
    {
        if (failure.Code != RelayErrorCode.WriterAlreadyConnected)
        {
            return !failure.IsRetryable;
        }

        _refusedSince ??= time.GetTimestamp();
        return time.GetElapsedTime(_refusedSince.Value) >= leaseWait;
    }

    /// <summary>The lease was granted: the next refusal begins a new wait.</summary>
    public void Granted() => _refusedSince = null;
}
