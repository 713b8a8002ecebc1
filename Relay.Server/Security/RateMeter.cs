namespace Relay.Server.Security;

/// <summary>
/// A rate for each of many names, as a token bucket (the generic cell rate algorithm, ITU-T I.371). All that is kept of a name is the time at which its
/// bucket is full again; once that is past, the name is forgotten. So the answer to "when?" is exact, and strangers cost no memory for long.
/// </summary>
internal sealed class RateMeter(double perSecond, int burst, TimeProvider time)
{
    private const int FewNames = 1024;
    private readonly long _cost = perSecond > 0 ? Math.Max(1, (long)(time.TimestampFrequency / perSecond)) : 0;
    private readonly Dictionary<string, long> _fullAt = new(StringComparer.Ordinal);
    private readonly Lock _lock = new();
    private int _sweepAt = FewNames;

    /// <summary>How many names are remembered.</summary>
    public int Names
    {
        get
        {
            lock (_lock)
            {
                return _fullAt.Count;
            }
        }
    }

    /// <summary>Takes one from each bucket, or from none.</summary>
    /// <returns>Zero when all had one, else how long until they have.</returns>
    public TimeSpan Take(params ReadOnlySpan<string> names)
    {
        if (_cost == 0)
        {
            return TimeSpan.Zero;
        }

        var now = time.GetTimestamp();
        lock (_lock)
        {
            long wait = 0;
            foreach (var name in names)
            {
                wait = Math.Max(wait, FullAt(name, now) - now - ((burst - 1) * _cost));
            }

            if (wait > 0)
            {
                return TimeSpan.FromSeconds((double)wait / time.TimestampFrequency);
            }

            foreach (var name in names)
            {
                _fullAt[name] = FullAt(name, now) + _cost;
            }

            ForgetTheFull(now);
            return TimeSpan.Zero;
        }
    }

    private long FullAt(string name, long now) => Math.Max(now, _fullAt.GetValueOrDefault(name, now));

    private void ForgetTheFull(long now)
    {
        if (_fullAt.Count < _sweepAt)
        {
            return;
        }

        foreach (var (name, fullAt) in _fullAt)
        {
            if (fullAt <= now)
            {
                _fullAt.Remove(name); // Allowed while it is walked.
            }
        }

        _sweepAt = Math.Max(FewNames, 2 * _fullAt.Count);
    }
}
