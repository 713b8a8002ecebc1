namespace Relay.Server.Storage.Embedded;

/// <summary>What all sessions of a store have on disk. Each log adds what it writes and takes off what it removes.</summary>
internal sealed class StoredTotal
{
    private long _bytes;

    public long Bytes => Interlocked.Read(ref _bytes);

    public void Add(long bytes) => Interlocked.Add(ref _bytes, bytes);

    /// <summary>Adds, unless that would go beyond a limit.</summary>
    public bool TryAdd(long bytes, long most)
    {
        long before;
        do
        {
            before = Interlocked.Read(ref _bytes);
            if (before + bytes > most)
            {
                return false;
            }
        }
        while (Interlocked.CompareExchange(ref _bytes, before + bytes, before) != before);
        return true;
    }
}
