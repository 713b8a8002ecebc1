namespace Relay.Server.Security;

/// <summary>Counts what is there at a time, in all and for each address, and lets no more in than may be.</summary>
internal sealed class Places(long inAll, long perAddress)
{
    private readonly Dictionary<string, long> _taken = new(StringComparer.Ordinal);
    private readonly Lock _lock = new();
    private long _count;

    public long InAll => inAll;

    public long PerAddress => perAddress;

    public long Count
    {
        get
        {
            lock (_lock)
            {
                return _count;
            }
        }
    }

    /// <param name="address">Where it comes from; null for what counts in all only.</param>
    /// <param name="full">The limit that is reached, or 0.</param>
    public bool TryTake(string? address, out long full)
    {
        lock (_lock)
        {
            var taken = address is null ? 0 : _taken.GetValueOrDefault(address);
            full = _count >= inAll ? inAll : address is not null && taken >= perAddress ? perAddress : 0;
            if (full > 0)
            {
                return false;
            }

            _count++;
            if (address is not null)
            {
                _taken[address] = taken + 1;
            }

            return true;
        }
    }

    public void GiveBack(string? address)
    {
        lock (_lock)
        {
            _count--;
            if (address is null)
            {
                return;
            }

            if (_taken[address] > 1)
            {
                _taken[address]--;
            }
            else
            {
                _taken.Remove(address);
            }
        }
    }
}
