using FluentAssertions;
using Relay.Contracts;

namespace Relay.Tests.Faults;

/// <summary>
/// Bytes that tell who wrote them and for which place:
/// <code>
///  7 6 5   4 3 2 1 0
///  writer  offset modulo 31
/// </code>
/// </summary>
internal static class Marks
{
    public const int Writers = 8;

    public static byte[] Bytes(int writer, long offset, int count) =>
        [.. Enumerable.Range(0, count).Select(i => (byte)((writer << 5) | (int)((offset + i) % 31)))];

    /// <summary>Items of random sizes for the bytes <paramref name="from"/> to <paramref name="to"/> of an output.</summary>
    public static IEnumerable<WriteItem> Items(Random random, int writer, OutputType output, long from, long to)
    {
        while (from < to)
        {
            var count = (int)Math.Min(random.Next(1, 200), to - from);
            yield return new WriteItem { Kind = WriteItemKind.Data, Output = output, Offset = from, Data = Bytes(writer, from, count) };
            from += count;
        }
    }

    /// <summary>The writers of an output, in the order of their bytes, each with the offset at which it begins. Every byte must be in its place.</summary>
    public static IReadOnlyList<(int Writer, long From)> Read(byte[] output)
    {
        var blocks = new List<(int Writer, long From)>();
        for (var at = 0; at < output.Length; at++)
        {
            (output[at] & 31).Should().Be(at % 31, $"the byte at {at} was written for that place, by {output[at] >> 5}");
            if (blocks.Count == 0 || blocks[^1].Writer != output[at] >> 5)
            {
                blocks.Add((output[at] >> 5, at));
            }
        }

        return blocks;
    }
}
