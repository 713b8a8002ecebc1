using System.Buffers;
using Microsoft.AspNetCore.Connections;

namespace Relay.Server.Streaming;

/// <summary>Blocks of one size that are used again, the last one first: it is still in the processor's cache. Those beyond what a burst may leave behind become garbage.</summary>
/// <param name="blockBytes">Their size.</param>
/// <param name="maxSpareBlocks">How many are kept.</param>
/// <param name="isPinned">Whether they stay where they are, as sockets want them.</param>
internal sealed class BlockPool(int blockBytes, int maxSpareBlocks, bool isPinned) : MemoryPool<byte>
{
    private readonly Lock _lock = new();
    private readonly Block[] _spare = new Block[maxSpareBlocks];
    private int _spareCount;

    public override int MaxBufferSize => blockBytes;

    public override IMemoryOwner<byte> Rent(int minBufferSize = -1)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(minBufferSize, blockBytes);
        var block = TakeSpare() ?? new Block(this, GC.AllocateUninitializedArray<byte>(blockBytes, isPinned));
        block.IsRented = true;
        return block;
    }

    protected override void Dispose(bool disposing)
    {
        // All servers of this process share it, and none is the last.
    }

    private Block? TakeSpare()
    {
        lock (_lock)
        {
            return _spareCount > 0 ? _spare[--_spareCount] : null;
        }
    }

    private void Keep(Block block)
    {
        lock (_lock)
        {
            if (_spareCount < _spare.Length)
            {
                _spare[_spareCount++] = block;
            }
        }
    }

    private sealed class Block(BlockPool pool, byte[] bytes) : IMemoryOwner<byte>
    {
        private bool _isRented;

        public bool IsRented
        {
            set => Volatile.Write(ref _isRented, value);
        }

        public Memory<byte> Memory => bytes;

        /// <summary>Gives it back; once, for two connections would share a block that came back twice.</summary>
        public void Dispose()
        {
            if (Interlocked.Exchange(ref _isRented, false))
            {
                pool.Keep(this);
            }
        }
    }
}

/// <summary>
/// Gives Kestrel's sockets blocks of 16 KiB, instead of its own of 4 KiB, so that a log in large pieces takes a quarter of the system calls; and for the frames
/// of batches blocks in which one just fits, because a reader that takes nothing keeps its block.
/// </summary>
internal sealed class SocketMemory : MemoryPool<byte>, IMemoryPoolFactory<byte>
{
    private const int SmallBytes = 16 * 1024;
    private const int MediumBytes = 72 * 1024; // The smaller batches, as JSON.
    private const int LargeBytes = 200 * 1024;
    private static readonly BlockPool Small = new(SmallBytes, maxSpareBlocks: 128, isPinned: true);
    private static readonly BlockPool Medium = new(MediumBytes, maxSpareBlocks: 32, isPinned: false);
    private static readonly BlockPool Large = new(LargeBytes, maxSpareBlocks: 16, isPinned: false);

    public override int MaxBufferSize => LargeBytes;

    public MemoryPool<byte> Create(MemoryPoolOptions? options = null) => this;

    public override IMemoryOwner<byte> Rent(int minBufferSize = -1) =>
        (minBufferSize <= SmallBytes ? Small : minBufferSize <= MediumBytes ? Medium : Large).Rent(minBufferSize);

    protected override void Dispose(bool disposing)
    {
        // As with its pools: all servers of this process share it.
    }
}
