using Relay.Contracts;

namespace Relay.Benchmarks.Load;

/// <summary>Counts what one reader got, and checks it at the end: every byte, in order, or the measurement is void.</summary>
internal sealed class Receipt(ReadOnlyMemory<byte> expected)
{
    private readonly TaskCompletionSource _begun = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _whole = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly uint _expectedCrc = Crc32C.Append(0, expected.Span);
    private long _count;
    private uint _crc;

    public long Count => Volatile.Read(ref _count);

    public bool IsWhole => _count == expected.Length;

    /// <summary>The first bytes came.</summary>
    public Task Begun => _begun.Task;

    /// <summary>The last byte came. Faulted when what came is not what was sent.</summary>
    public Task Whole => _whole.Task;

    public void Take(ReadOnlySpan<byte> bytes)
    {
        _crc = Crc32C.Append(_crc, bytes);
        Volatile.Write(ref _count, _count + bytes.Length);
        _begun.TrySetResult();
        if (_count > expected.Length || (_count == expected.Length && _crc != _expectedCrc))
        {
            Fail(new InvalidDataException($"{_count} bytes came, with checksum {_crc:x8}; {expected.Length} with {_expectedCrc:x8} were sent."));
        }
        else if (_count == expected.Length)
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
}
