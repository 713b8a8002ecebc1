using Relay.Contracts;

namespace Relay.Benchmarks.Load;

/// <summary>Counts what one reader got, and checks it at the end: every byte, in order, or the measurement is void.</summary>
/// <param name="length">How many bytes are to come.</param>
/// <param name="crc">Their checksum. Asked for when so many have come: a log that is made while it is sent is whole by then.</param>
internal class Receipt(long length, Func<uint> crc)
{
    private readonly TaskCompletionSource _begun = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _whole = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private long _count;
    private uint _crc;

    public Receipt(ReadOnlyMemory<byte> expected)
        : this(expected.Length, ChecksumOf(expected))
    {
    }

    public long Count => Volatile.Read(ref _count);

    /// <summary>Bytes that are still to come.</summary>
    protected long Missing => length - _count;

    /// <summary>The first bytes came.</summary>
    public Task Begun => _begun.Task;

    /// <summary>The last byte came. Faulted when what came is not what was sent.</summary>
    public Task Whole => _whole.Task;

    public virtual void Take(ReadOnlySpan<byte> bytes)
    {
        _crc = Crc32C.Append(_crc, bytes);
        Volatile.Write(ref _count, _count + bytes.Length);
        _begun.TrySetResult();
        if (_count > length || (_count == length && _crc != crc()))
        {
            Fail(new InvalidDataException($"{_count} bytes came, with checksum {_crc:x8}; {length} with {crc():x8} were sent."));
        }
        else if (_count == length)
        {
            _whole.TrySetResult();
        }
    }

    /// <summary>The reader ended before it had everything.</summary>
    public void Fail(Exception reason)
    {
        _begun.TrySetException(reason);
        _whole.TrySetException(reason);
    }

    private static Func<uint> ChecksumOf(ReadOnlyMemory<byte> expected)
    {
        var crc = Crc32C.Append(0, expected.Span);
        return () => crc;
    }
}
