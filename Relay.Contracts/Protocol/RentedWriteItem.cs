using System.Buffers;

namespace Relay.Contracts.Protocol;

/// <summary>A received item whose bytes lie in an array of the shared pool, see <see cref="MessagePackHubProtocol.RentsItems"/>.</summary>
public sealed record RentedWriteItem : WriteItem
{
    private byte[]? _rented;

    internal RentedWriteItem(byte[]? rented) => _rented = rented;

    // The copy takes the array over: two could give it back twice.
    private RentedWriteItem(RentedWriteItem original)
        : base(original) => _rented = Interlocked.Exchange(ref original._rented, null);

    /// <summary>Gives the array back: from now on the bytes may be others. An item that is dropped without it costs an array, and nothing else.</summary>
    public void Return()
    {
        if (Interlocked.Exchange(ref _rented, null) is { } array)
        {
            ArrayPool<byte>.Shared.Return(array);
        }
    }
}
