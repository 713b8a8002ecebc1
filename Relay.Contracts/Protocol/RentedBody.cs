using System.Buffers;

namespace Relay.Contracts.Protocol;

/// <summary>A message that was put together in an array of the shared pool. What is read from it may keep the array, once, instead of a copy.</summary>
/// <param name="length">Of the message.</param>
internal sealed class RentedBody(int length) : IDisposable
{
    private byte[]? _array = ArrayPool<byte>.Shared.Rent(length);

    public Span<byte> Bytes => _array.AsSpan(0, length);

    /// <summary>The array, which from now on is the caller's; null if it is already another's.</summary>
    public byte[]? Take()
    {
        var array = _array;
        _array = null;
        return array;
    }

    /// <summary>Gives the array back, if nobody has taken it.</summary>
    public void Dispose()
    {
        if (Take() is { } array)
        {
            ArrayPool<byte>.Shared.Return(array);
        }
    }
}
