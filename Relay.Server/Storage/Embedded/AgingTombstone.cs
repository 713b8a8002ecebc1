namespace Relay.Server.Storage.Embedded;

/// <summary>
/// A tombstone whose age is counted on the monotonic clock. Only the time that the relay was down comes from the wall clock, and is never taken
/// to be negative: so a jump neither brings a tombstone to its end nor keeps it for ever.
/// </summary>
internal sealed class AgingTombstone
{
    private static readonly TimeSpan Tolerance = TimeSpan.FromSeconds(1);
    private readonly TimeProvider _time;
    private readonly TimeSpan _ageAtFirst;
    private readonly long _first;

    public AgingTombstone(Tombstone tombstone, long incarnation, TimeProvider time)
    {
        (Tombstone, Incarnation, _time, _first) = (tombstone, incarnation, time, time.GetTimestamp());
        var age = time.GetUtcNow() - tombstone.At;
        _ageAtFirst = age > TimeSpan.Zero ? age : TimeSpan.Zero;
    }

    public Tombstone Tombstone { get; }

    /// <summary>Of the session that is gone; 0 when that was not noted.</summary>
    public long Incarnation { get; }

    public TimeSpan Age => _ageAtFirst + _time.GetElapsedTime(_first);

    /// <summary>The tombstone dated so that the next start finds it as old as it is; null when its date is right.</summary>
    public AgingTombstone? CorrectedForWallClock()
    {
        var at = _time.GetUtcNow() - Age;
        return (at - Tombstone.At).Duration() > Tolerance ? new AgingTombstone(Tombstone with { At = at }, Incarnation, _time) : null;
    }
}
