using System.Buffers;

namespace Relay.Tests.TestKit;

/// <summary>Bytes in several pieces of memory, as pipes have them.</summary>
internal static class Sequences
{
    public static ReadOnlySequence<byte> Of(IEnumerable<byte[]> parts)
    {
        var first = new Segment([], 0);
        var last = parts.Aggregate(first, (segment, part) => segment.Append(part));
        return new ReadOnlySequence<byte>(first, 0, last, last.Memory.Length);
    }

    private sealed class Segment : ReadOnlySequenceSegment<byte>
    {
        public Segment(byte[] bytes, long start)
        {
            Memory = bytes;
            RunningIndex = start;
        }

        public Segment Append(byte[] bytes)
        {
            var next = new Segment(bytes, RunningIndex + Memory.Length);
            Next = next;
            return next;
        }
    }
}
