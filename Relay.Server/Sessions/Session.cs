using Relay.Server.Storage;

namespace Relay.Server.Sessions;

/// <summary>A session of this relay: its log, and what only matters while the relay runs.</summary>
internal sealed class Session
{
    private static readonly TimeSpan ClockTolerance = TimeSpan.FromSeconds(1);
    private readonly TimeProvider _time;
    private long _lastActivity;
    private long _savedActivity;
    private int _readers;

    /// <param name="log">The session's log.</param>
    /// <param name="ttl">Time to live.</param>
    /// <param name="time">The clock. Age is counted on its monotonic side; only the time the relay was down comes from the wall clock, held within 0 and the time to live.</param>
    public Session(ISessionLog log, TimeSpan ttl, TimeProvider time)
    {
        (Log, _time) = (log, time);
        var age = time.GetUtcNow() - log.StoredActivityAt;
        age = age < TimeSpan.Zero ? TimeSpan.Zero : age > ttl ? ttl : age;
        _lastActivity = _savedActivity = time.GetTimestamp() - (long)(age.TotalSeconds * time.TimestampFrequency);
    }

    public ISessionLog Log { get; }

    public string Id => Log.Id;

    public int Readers => Volatile.Read(ref _readers);

    /// <summary>How long ago something was appended, connected or delivered.</summary>
    public TimeSpan Idle => _time.GetElapsedTime(Interlocked.Read(ref _lastActivity));

    public DateTimeOffset LastActivityAt => _time.GetUtcNow() - Idle;

    /// <summary>Something was appended, connected or delivered.</summary>
    public void Touch() => Interlocked.Exchange(ref _lastActivity, _time.GetTimestamp());

    /// <summary>Counts a reader, unless there are as many as may be.</summary>
    public bool TryJoin(int most)
    {
        int readers;
        do
        {
            readers = Volatile.Read(ref _readers);
            if (readers >= most)
            {
                return false;
            }
        }
        while (Interlocked.CompareExchange(ref _readers, readers + 1, readers) != readers);
        return true;
    }

    public void ReaderLeft() => Interlocked.Decrement(ref _readers);

    /// <summary>Stores the last activity if it is news, or if the wall clock was put forward since: after a restart the stored time would count as long past.</summary>
    public async ValueTask SaveActivityAsync(CancellationToken cancellationToken)
    {
        var activity = Interlocked.Read(ref _lastActivity);
        if (Interlocked.Exchange(ref _savedActivity, activity) != activity || LastActivityAt - Log.StoredActivityAt > ClockTolerance)
        {
            await Log.SaveActivityAsync(LastActivityAt, cancellationToken);
        }
    }
}
