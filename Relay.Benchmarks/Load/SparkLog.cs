using System.Text.Unicode;

namespace Relay.Benchmarks.Load;

/// <summary>A large log as people look through it: lines of some 100 bytes of all levels, errors late in it, and one line that somebody looks for.</summary>
internal sealed class SparkLog(long lines)
{
    /// <summary>What only one line has.</summary>
    public const string Needle = "needle in the haystack";

    /// <summary>What a few lines have: a loss of an executor of this number.</summary>
    public const string Pattern = @"WARN .*: Lost task \d+\.\d in stage \d+\.\d .* executor 10\.0\.3\.(?:7|8)7\d\b";

    private const int PieceBytes = 1024 * 1024;
    private const int LongestLine = 256;
    private const int WarningEvery = 50;
    private const int DebugEvery = 10;
    private const int ErrorEvery = 5000;
    private const int LinesPerSecond = 2000;

    public long Lines => lines;

    public long NeedleLine => lines * 37 / 100;

    /// <summary>Jobs run well before they fail.</summary>
    public long FirstError => lines * 7 / 10;

    /// <summary>All of it, in pieces that share their memory.</summary>
    public IEnumerable<ReadOnlyMemory<byte>> Pieces()
    {
        var piece = new byte[PieceBytes];
        var filled = 0;
        for (var number = 0L; number < lines; number++)
        {
            filled += Write(piece.AsSpan(filled), number);
            if (piece.Length - filled < LongestLine)
            {
                yield return piece.AsMemory(0, filled);
                filled = 0;
            }
        }

        yield return piece.AsMemory(0, filled);
    }

    private int Write(Span<byte> target, long number)
    {
        var second = number / LinesPerSecond;
        Utf8.TryWrite(target, $"26/01/{1 + (second / 86400 % 31):00} {second / 3600 % 24:00}:{second / 60 % 60:00}:{second % 60:00} ", out var written);
        var executor = (uint)number * 2654435761u >> 22;
        var rest = target[written..];
        int more;
        if (number == NeedleLine)
        {
            Utf8.TryWrite(rest, $"INFO DAGScheduler: Job 4711 is the {Needle}, took {number % 900}.{number % 7} s on all executors\n", out more);
        }
        else if (number >= FirstError && (number - FirstError) % ErrorEvery == 0)
        {
            Utf8.TryWrite(rest, $"ERROR Executor: Exception in task {number % 480}.3 in stage 17.0 (TID {number}), it is not tried again\n", out more);
        }
        else if (number % WarningEvery == 0)
        {
            Utf8.TryWrite(rest, $"WARN TaskSetManager: Lost task {number % 480}.0 in stage 17.0 (TID {number}) on executor 10.0.3.{executor}: FetchFailed\n", out more);
        }
        else if (number % DebugEvery == 3)
        {
            Utf8.TryWrite(rest, $"DEBUG BlockManager: Getting local block broadcast_{number} as bytes, level StorageLevel(memory, 1)\n", out more);
        }
        else
        {
            Utf8.TryWrite(rest, $"INFO TaskSetManager: Finished task {number}.0 in stage 17.0 in {20 + (executor / 2)} ms on 10.0.3.{executor}\n", out more);
        }

        return written + more;
    }
}
