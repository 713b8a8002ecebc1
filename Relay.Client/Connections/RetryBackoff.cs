using Relay.Contracts;

namespace Relay.Client.Connections;

/// <summary>
/// Delays between attempts: doubling from the first to the cap, each drawn from the upper half of its step, so that clients that lost the
/// same relay do not return in one wave. Never zero: a connect at 0 ms can reattach to a relay that is shutting down and keep it alive.
/// </summary>
/// <param name="first">The first step.</param>
/// <param name="cap">The longest step.</param>
/// <param name="random">Draws from [0, 1).</param>
internal sealed class RetryBackoff(TimeSpan first, TimeSpan cap, Func<double> random)
{
    /// <summary>No relay is believed that it wants to be left alone for longer.</summary>
    private static readonly TimeSpan MostAsked = TimeSpan.FromSeconds(30);

    private TimeSpan? _next;

    public RetryBackoff(RelayClientOptions options)
        : this(options.FirstRetryDelay, options.MaxRetryDelay, Random.Shared.NextDouble)
    {
    }

    /// <summary>The delay before the next attempt.</summary>
    public TimeSpan Next()
    {
        var step = _next ?? first;
        _next = step > cap / 2 ? cap : step * 2;
        return step * (0.5 + (random() / 2));
    }

    /// <summary>The delay before the next attempt after a failure: what the relay asked for, if it did, comes before our own, so that those whom it asked alike do not return in one wave.</summary>
    public TimeSpan Next(RelayException failure) => Next() + (failure.RetryAfter is { } asked && asked > TimeSpan.Zero ? (asked < MostAsked ? asked : MostAsked) : TimeSpan.Zero);

    /// <summary>Begins anew, after an attempt that got somewhere.</summary>
    public void Reset() => _next = null;
}
