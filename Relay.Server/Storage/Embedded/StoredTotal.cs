namespace Relay.Server.Storage.Embedded;

/// <summary>What all sessions of a store have, on disk and in their hot tails. Each log adds what it takes and takes off what it gives back.</summary>
internal sealed class StoredTotal
{
    private long _bytes;
    private long _hotBytes;

    public long Bytes => Interlocked.Read(ref _bytes);

    public long HotBytes => Interlocked.Read(ref _hotBytes);

    public void Add(long bytes) => Interlocked.Add(ref _bytes, bytes);

    public void AddHot(long bytes) => Interlocked.Add(ref _hotBytes, bytes);

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
