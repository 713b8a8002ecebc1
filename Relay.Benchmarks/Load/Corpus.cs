using System.Buffers.Text;
using Relay.Contracts;

namespace Relay.Benchmarks.Load;

/// <summary>
/// The log that is carried: lines of some 110 bytes, as Spark's driver writes them, each with a number of its own, so that no line can stand in for
/// another.
/// </summary>
internal sealed class Corpus
{
    private const int LongestLine = 160;
    private readonly byte[] _bytes;
    private readonly int[] _ends;

    public Corpus(int lines)
    {
        _bytes = new byte[lines * 112L];
        _ends = new int[lines];
        var filled = 0;
        for (var i = 0; i < lines; i++)
        {
            if (_bytes.Length - filled < LongestLine)
            {
                Array.Resize(ref _bytes, _bytes.Length + (1024 * 1024));
            }

            filled += WriteLine(_bytes.AsSpan(filled), i);
            _ends[i] = filled;
        }

        Bytes = _bytes.AsMemory(0, filled);
    }

    public int Lines => _ends.Length;

    public ReadOnlyMemory<byte> Bytes { get; }

    /// <summary>The first so many lines.</summary>
    public ReadOnlyMemory<byte> First(int lines) => Bytes[.._ends[lines - 1]];

    public ReadOnlyMemory<byte> Line(int index) => Bytes[(index == 0 ? 0 : _ends[index - 1]).._ends[index]];

    private static int WriteLine(Span<byte> target, int number)
    {
        ReadOnlySpan<byte> head = "2026-01-01 12:00:00,000 INFO TaskSetManager: Finished task "u8;
        ReadOnlySpan<byte> middle = ".0 in stage 17.0 (TID "u8;
        ReadOnlySpan<byte> tail = ") on executor 10.0.3.17\n"u8;
        head.CopyTo(target);
        var at = head.Length;
        Utf8Formatter.TryFormat(number, target[at..], out var written);
        at += written;
        middle.CopyTo(target[at..]);
        at += middle.Length;
        Utf8Formatter.TryFormat((uint)number * 2654435761u, target[at..], out written);
        at += written;
        tail.CopyTo(target[at..]);
        return at + tail.Length;
    }
}
