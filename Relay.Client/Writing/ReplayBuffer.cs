using System.Diagnostics.CodeAnalysis;
using Relay.Contracts;

namespace Relay.Client.Writing;

/// <summary>Holds a run's bytes in memory, at most so many.</summary>
/// <remarks>
/// <code>
///   released │ sent, not durable          │ not sent
///            │ [out 0–64K][err 0–9][out …]│ [err 9–30][out …]  ◄─ small writes grow the last chunk while it is unsent
///            ▲ first                      ▲ next           ▲ last
/// </code>
/// A writer that has fallen behind fills large chunks, whose memory is used again once the relay has made them durable. By then no connection that
/// may still serialise them can do harm: the one that carried them has done so, and one before it was fenced when that one was granted its lease. What
/// is given up before is left to the garbage collector.
/// </remarks>
internal sealed class ReplayBuffer : IReplayStore
{
    /// <summary>Most bytes in one item: what the relay stores as one record.</summary>
    public const int MaxItemBytes = 48 * 1024;

    // Large chunks for those who are behind by more than one, if some dozen of them are less than all there may be.
    private const int SmallestWithLargeChunks = 16 * ReplayChunk.LargeBytes;

    private readonly long _capacity;
    private readonly Stack<byte[]> _spare = [];
    private readonly Dictionary<OutputType, Lane> _lanes;
    private ReplayChunk? _first;
    private ReplayChunk? _next;
    private ReplayChunk? _last;
    private long _held;
    private long _unsent;

    public ReplayBuffer(long capacityBytes, IEnumerable<OutputType> outputs)
    {
        _capacity = capacityBytes;
        _lanes = outputs.ToDictionary(output => output, _ => new Lane());
    }

    public bool IsPersistent => false;

    public bool IsUnlimited { get; set; }

    public RunFacts Facts { get; set; }

    public bool AllSent => _next is null;

    public bool Takes(OutputType output) => _lanes.ContainsKey(output);

    public long Accepted(OutputType output) => _lanes[output].Accepted;

    public OutputTotal Total(OutputType output) => new(output, _lanes[output].Accepted, _lanes[output].Crc);

    public ReadOnlyMemory<byte> Checkpoint(OutputType output) => _lanes[output].Checkpoint;

    public bool TryAppend(OutputType output, ReadOnlySpan<byte> bytes, ReadOnlySpan<byte> checkpoint = default)
    {
        var lane = _lanes[output];
        var grow = _next is not null && _last!.Output == output && _last.End == lane.Accepted && _last.HasRoomFor(bytes.Length);
        var isBehind = _unsent > ReplayChunk.LargeBytes && _capacity >= SmallestWithLargeChunks;
        var cost = grow ? _last!.CostOfGrowing(bytes.Length) : ReplayChunk.CostOf(isBehind ? ReplayChunk.LargeBytes : bytes.Length);
        if (_held + cost > _capacity && _first is not null && !IsUnlimited)
        {
            return false;
        }

        if (!grow)
        {
            Link(isBehind ? new ReplayChunk(output, lane.Accepted, LargeBlock()) : new ReplayChunk(output, lane.Accepted, bytes.Length));
        }

        _last!.Append(bytes);
        _held += cost;
        _unsent += bytes.Length;
        lane.Count(bytes);
        if (!checkpoint.IsEmpty)
        {
            lane.Checkpoint = checkpoint.ToArray();
        }

        return true;
    }

    public IReadOnlyList<(OutputType Output, long Bytes)>? DropOldest()
    {
        if (_first is not { } oldest)
        {
            return null;
        }

        RemoveFirst();
        return [(oldest.Output, oldest.Length)];
    }

    public void Skip(OutputType output, ReadOnlySpan<byte> bytes) => _lanes[output].Count(bytes);

    public bool TryTake([NotNullWhen(true)] out OutputType output, out long position, out ReadOnlyMemory<byte> bytes)
    {
        while (_next is { } chunk)
        {
            _next = chunk.Next;
            _unsent -= chunk.Length;
            var lane = _lanes[chunk.Output];
            if (chunk.End > lane.SentTo)
            {
                (output, position) = (chunk.Output, Math.Max(chunk.Position, lane.SentTo));
                bytes = chunk.From(position);
                lane.SentTo = chunk.End;
                return true;
            }
        }

        (output, position, bytes) = (OutputType.None, 0, default);
        return false;
    }

    public void Rewind()
    {
        _next = _first;
        _unsent = 0;
        for (var chunk = _first; chunk is not null; chunk = chunk.Next)
        {
            _unsent += chunk.Length;
        }
    }

    public void SendFrom(OutputType output, long position) => _lanes[output].SentTo = position;

    public void Release(OutputType output, long position)
    {
        var durable = _lanes[output];
        durable.Durable = Math.Max(durable.Durable, Math.Min(position, durable.SentTo));
        while (_first is { } chunk && chunk.End <= _lanes[chunk.Output].Durable)
        {
            RemoveFirst();
            if (chunk.LargeBlock is { } block)
            {
                _spare.Push(block);
            }
        }

        if (_next is null)
        {
            _spare.Clear(); // It keeps up again.
        }
    }

    public void Discard()
    {
        // Memory goes with its owner.
    }

    public void Dispose()
    {
        // Nothing is held open.
    }

    private void RemoveFirst()
    {
        var chunk = _first!;
        _held -= chunk.Cost;
        _unsent -= ReferenceEquals(_next, chunk) ? chunk.Length : 0;
        _first = chunk.Next;
        _next = ReferenceEquals(_next, chunk) ? _first : _next;
        _last = _first is null ? null : _last;
    }

    private byte[] LargeBlock() => _spare.TryPop(out var block) ? block : GC.AllocateUninitializedArray<byte>(ReplayChunk.LargeBytes);

    private void Link(ReplayChunk chunk)
    {
        if (_last is not null)
        {
            _last.Next = chunk;
        }

        _first ??= chunk;
        _next ??= chunk;
        _last = chunk;
    }

    private sealed class Lane
    {
        public long Accepted { get; private set; }

        public uint Crc { get; private set; }

        public byte[] Checkpoint { get; set; } = [];

        public long SentTo { get; set; }

        public long Durable { get; set; }

        public void Count(ReadOnlySpan<byte> bytes)
        {
            Accepted += bytes.Length;
            Crc = Crc32C.Append(Crc, bytes);
        }
    }
}
