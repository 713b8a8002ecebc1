using System.Buffers;
using System.Collections.Concurrent;
using Microsoft.AspNetCore.Connections;

namespace Relay.Server.Streaming;

/// <summary>Blocks of one size that are used again. Those beyond what a burst may leave behind become garbage.</summary>
/// <param name="blockBytes">Their size.</param>
/// <param name="maxSpareBlocks">How many are kept.</param>
/// <param name="isPinned">Whether they stay where they are, as sockets want them.</param>
internal sealed class BlockPool(int blockBytes, int maxSpareBlocks, bool isPinned) : MemoryPool<byte>
{
    private readonly ConcurrentQueue<Block> _spare = new();

    private int MaxSpareBlocks => maxSpareBlocks;

    public override int MaxBufferSize => blockBytes;

    public override IMemoryOwner<byte> Rent(int minBufferSize = -1)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(minBufferSize, blockBytes);
        var block = _spare.TryDequeue(out var spare) ? spare : new Block(this, GC.AllocateUninitializedArray<byte>(blockBytes, isPinned));
        block.IsRented = true;
        return block;
    }

    protected override void Dispose(bool disposing)
    {
        // All servers of this process share it, and none is the last.
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
            if (Interlocked.Exchange(ref _isRented, false) && pool._spare.Count < pool.MaxSpareBlocks)
            {
                pool._spare.Enqueue(this);
            }
        }
    }
}

/// <summary>Gives Kestrel's sockets blocks of 16 KiB, instead of its own of 4 KiB: a log in large pieces takes a quarter of the system calls.</summary>
internal sealed class SocketMemory : IMemoryPoolFactory<byte>
{
    private static readonly BlockPool Blocks = new(16 * 1024, maxSpareBlocks: 128, isPinned: true);

    public MemoryPool<byte> Create(MemoryPoolOptions? options = null) => Blocks;
}
