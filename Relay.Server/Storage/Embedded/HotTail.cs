using System.Buffers;

namespace Relay.Server.Storage.Embedded;

/// <summary>A piece of a segment file in pooled memory, shared by all readers that keep up.</summary>
internal sealed class HotBlock(Segment segment, long start, int capacity)
{
    private byte[]? _buffer = ArrayPool<byte>.Shared.Rent(capacity);
    private int _holders = 1;

    public Segment Segment => segment;

    /// <summary>Position of the first byte in the segment file.</summary>
    public long Start => start;

    /// <summary>Bytes in use; written under the lock of the log, read under the lock of the tail.</summary>
    public int Length { get; set; }

    public int Capacity { get; } = capacity;

    public Memory<byte> Memory => Buffer;

    public void Retain() => Interlocked.Increment(ref _holders);

    public void Release()
    {
        if (Interlocked.Decrement(ref _holders) == 0)
        {
            ArrayPool<byte>.Shared.Return(Interlocked.Exchange(ref _buffer, null)!);
        }
    }

    private byte[] Buffer => _buffer ?? throw new ObjectDisposedException(nameof(HotBlock));
}

/// <summary>
/// The newest records of a session in memory, byte for byte as they stand in the file. Appending is guarded by the log's lock; renting
/// is safe from any thread. A record never spans two blocks.
/// </summary>
/// <param name="maxBytes">Most of this session.</param>
/// <param name="maxTotalBytes">Most of all sessions together; where there is more, each keeps its share of <see cref="MinBytes"/>.</param>
/// <param name="total">What all sessions have.</param>
internal sealed class HotTail(int maxBytes, long maxTotalBytes, StoredTotal total)
{
    /// <summary>What a session may have however many there are.</summary>
    public const int MinBytes = 256 * 1024;

    private const int SmallestBlock = 4 * 1024;

    /// <summary>Of a writer in a hurry: what one write to the file takes, and one batch to a reader.</summary>
    public const int LargestBlock = 200 * 1024;

    private readonly Lock _lock = new();
    private readonly Queue<HotBlock> _blocks = new();
    private HotBlock? _last;
    private int _bytes;

    /// <summary>Room for a record that will stand at <paramref name="position"/> of the segment. Nothing is visible before <see cref="Commit"/>.</summary>
    public Memory<byte> Reserve(Segment segment, long position, int size)
    {
        if (_last is not { } last || last.Segment != segment || last.Start + last.Length != position || last.Capacity - last.Length < size)
        {
            // A busy session gets larger blocks step by step, so that a quiet one costs little.
            var capacity = Math.Max(size, _last is null ? SmallestBlock : Math.Min(_last.Capacity * 2, LargestBlock));
            last = new HotBlock(segment, position, capacity);
            lock (_lock)
            {
                _last = last;
                _blocks.Enqueue(last);
                _bytes += last.Capacity;
                total.AddHot(last.Capacity);
                while ((_bytes > maxBytes || (_bytes > MinBytes && total.HotBytes > maxTotalBytes)) && _blocks.Count > 1)
                {
                    Drop();
                }
            }
        }

        return last.Memory.Slice(last.Length, size);
    }

    public void Commit(int size)
    {
        lock (_lock)
        {
            _last!.Length += size;
        }
    }

    /// <summary>The block that holds <paramref name="position"/>; the caller releases it.</summary>
    public HotBlock? Rent(Segment segment, long position)
    {
        lock (_lock)
        {
            foreach (var block in _blocks)
            {
                if (block.Segment == segment && position >= block.Start && position < block.Start + block.Length)
                {
                    block.Retain();
                    return block;
                }
            }

            return null;
        }
    }

    public void Clear()
    {
        lock (_lock)
        {
            _last = null;
            while (_blocks.Count > 0)
            {
                Drop();
            }
        }
    }

    private void Drop()
    {
        var block = _blocks.Dequeue();
        _bytes -= block.Capacity;
        total.AddHot(-block.Capacity);
        block.Release();
    }
}
