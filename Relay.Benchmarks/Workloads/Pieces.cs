using Relay.Benchmarks.Load;

namespace Relay.Benchmarks.Workloads;

/// <summary>How a log is cut into the pieces that a writer hands over.</summary>
internal static class Pieces
{
    public const int ChunkBytes = 32 * 1024;

    public static IEnumerable<ReadOnlyMemory<byte>> Chunks(ReadOnlyMemory<byte> log, int bytes = ChunkBytes)
    {
        for (; !log.IsEmpty; log = log[Math.Min(bytes, log.Length)..])
        {
            yield return log[..Math.Min(bytes, log.Length)];
        }
    }

    public static IEnumerable<ReadOnlyMemory<byte>> Lines(Corpus corpus, int lines)
    {
        for (var i = 0; i < lines; i++)
        {
            yield return corpus.Line(i);
        }
    }
}
