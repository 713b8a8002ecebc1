namespace Relay.Benchmarks.Pictures;

/// <summary>The relay's calendar, which is put back so that sessions are hours old a moment after they were made. Its timers are the real ones.</summary>
internal sealed class StagedTime : TimeProvider
{
    private long _agoTicks;

    /// <summary>How far it is put back. It may only become less.</summary>
    public TimeSpan Ago
    {
        get => new(Volatile.Read(ref _agoTicks));
        set => Volatile.Write(ref _agoTicks, value.Ticks);
    }

    public override DateTimeOffset GetUtcNow() => base.GetUtcNow() - Ago;
}
