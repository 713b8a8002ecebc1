using System.Buffers;
using System.Collections.Concurrent;
using Microsoft.AspNetCore.Connections;

namespace Relay.Server.Streaming;

/// <summary>
/// Blocks of 16 KiB for Kestrel's sockets, instead of its own of 4 KiB: a log in large pieces takes a quarter of the system calls. As Kestrel's they are
/// pinned for good, and used again; beyond what a burst may leave behind they are left to the garbage collector.
/// </summary>
internal sealed class SocketMemory : MemoryPool<byte>, IMemoryPoolFactory<byte>
{
    private const int BlockBytes = 16 * 1024;
    private const int MaxSpareBlocks = 512;

    private readonly ConcurrentQueue<Block> _spare = new();

    public override int MaxBufferSize => BlockBytes;

    public MemoryPool<byte> Create(MemoryPoolOptions? options = null) => this;

    public override IMemoryOwner<byte> Rent(int minBufferSize = -1)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(minBufferSize, BlockBytes);
        return _spare.TryDequeue(out var block) ? block : new Block(this);
    }

    protected override void Dispose(bool disposing)
    {
        // All servers of this process share it, and none is the last.
    }

    private sealed class Block(SocketMemory pool) : IMemoryOwner<byte>
    {
        private readonly byte[] _bytes = GC.AllocateUninitializedArray<byte>(BlockBytes, pinned: true);

        public Memory<byte> Memory => _bytes;

        public void Dispose()
        {
            if (pool._spare.Count < MaxSpareBlocks)
            {
                pool._spare.Enqueue(this);
            }
        }
    }
}
