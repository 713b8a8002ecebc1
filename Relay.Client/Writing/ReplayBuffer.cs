using System.Diagnostics.CodeAnalysis;
using Relay.Contracts;

namespace Relay.Client.Writing;

/// <summary>
/// The bytes of a run that are not durable yet, of all outputs in the order in which they were written, and where sending stands. Not thread-safe.
/// </summary>
/// <remarks>
/// <code>
///   released │ sent, not durable          │ not sent
///            │ [out 0–64K][err 0–9][out …]│ [err 9–30][out …]  ◄─ small writes grow the last chunk while it is unsent
///            ▲ first                      ▲ next           ▲ last
/// </code>
/// Chunks are left to the garbage collector: one that went back to a pool while a dying connection still serialises it would corrupt
/// the log without a trace.
/// </remarks>
internal sealed class ReplayBuffer
{
    /// <summary>Most bytes in one item: what the relay stores as one record.</summary>
    public const int MaxItemBytes = 48 * 1024;

    private readonly long _capacity;
    private readonly Dictionary<OutputType, Lane> _lanes;
    private ReplayChunk? _first;
    private ReplayChunk? _next;
    private ReplayChunk? _last;
    private long _held;

    public ReplayBuffer(long capacityBytes, IEnumerable<OutputType> outputs)
    {
        _capacity = capacityBytes;
        _lanes = outputs.ToDictionary(output => output, _ => new Lane());
    }

    /// <summary>Whether everything was sent on this connection.</summary>
    public bool AllSent => _next is null;

    public bool Takes(OutputType output) => _lanes.ContainsKey(output);

    /// <summary>How many bytes of the output were taken.</summary>
    public long Accepted(OutputType output) => _lanes[output].Accepted;

    /// <summary>The first position that is still held.</summary>
    public long HeldFrom(OutputType output) => _lanes[output].HeldFrom;

    /// <summary>Count and checksum of everything taken.</summary>
    public OutputTotal Total(OutputType output) => new(output, _lanes[output].Accepted, _lanes[output].Crc);

    /// <summary>Copies 1 to <see cref="MaxItemBytes"/> bytes in.</summary>
    /// <returns><c>false</c> when there is no room; then nothing was taken.</returns>
    public bool TryAppend(OutputType output, ReadOnlySpan<byte> bytes)
    {
        var lane = _lanes[output];
        var grow = _next is not null && _last!.Output == output && _last.Length + bytes.Length <= MaxItemBytes;
        var cost = grow ? _last!.CostOfGrowing(bytes.Length) : ReplayChunk.CostOf(bytes.Length);
        if (_held + cost > _capacity && _first is not null)
        {
            return false;
        }

        if (!grow)
        {
            Link(new ReplayChunk(output, lane.Accepted, bytes.Length));
        }

        _last!.Append(bytes);
        _held += cost;
        lane.Accepted += bytes.Length;
        lane.Crc = Crc32C.Append(lane.Crc, bytes);
        return true;
    }

    /// <summary>Takes the next bytes that are to be sent on this connection.</summary>
    public bool TryTake([NotNullWhen(true)] out OutputType output, out long position, out ReadOnlyMemory<byte> bytes)
    {
        while (_next is { } chunk)
        {
            _next = chunk.Next;
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

    /// <summary>A new connection: everything is to be sent again but what the relay has.</summary>
    public void Rewind() => _next = _first;

    /// <summary>After <see cref="Rewind"/>: where the relay wants to go on. What is no longer held is skipped.</summary>
    /// <returns>How many bytes it wants that are no longer held.</returns>
    public long SendFrom(OutputType output, long position)
    {
        var lane = _lanes[output];
        lane.SentTo = Math.Max(position, lane.HeldFrom);
        return lane.SentTo - position;
    }

    /// <summary>Everything of the output below <paramref name="position"/> is durable. Chunks go in order, and never one that was not sent.</summary>
    public void Release(OutputType output, long position)
    {
        var durable = _lanes[output];
        durable.Durable = Math.Max(durable.Durable, Math.Min(position, durable.SentTo));
        while (_first is { } chunk && chunk.End <= _lanes[chunk.Output].Durable)
        {
            _lanes[chunk.Output].HeldFrom = chunk.End;
            _held -= chunk.Cost;
            _first = chunk.Next;
            _next = ReferenceEquals(_next, chunk) ? _first : _next;
            _last = _first is null ? null : _last;
        }
    }

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
        public long Accepted { get; set; }

        public uint Crc { get; set; }

        public long SentTo { get; set; }

        public long Durable { get; set; }

        public long HeldFrom { get; set; }
    }
}
