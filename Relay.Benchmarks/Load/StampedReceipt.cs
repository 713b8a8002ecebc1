using System.Diagnostics;

namespace Relay.Benchmarks.Load;

/// <summary>What one reader got of a <see cref="StampedLog"/>, and how long it was on its way.</summary>
/// <param name="log">What is sent.</param>
/// <param name="lines">How many lines it will have.</param>
/// <param name="every">Looks at the time of each line of this number; at 100,000 lines a second to look at all of them would be a load of its own.</param>
internal sealed class StampedReceipt(StampedLog log, int lines, int every) : Receipt((long)lines * StampedLog.LineBytes, () => log.Crc)
{
    private readonly byte[] _line = new byte[StampedLog.LineBytes];
    private readonly List<double> _milliseconds = new((lines / every) + 1);
    private int _filled;
    private int _lines;

    /// <summary>Bytes that were handed over and have not been read.</summary>
    public long Lag => Math.Max(0, log.Bytes - Count);

    /// <summary>From the hand-over of a line to the moment at which the reader had all of it, in the order of the lines. To be read at the end.</summary>
    public IReadOnlyList<double> Milliseconds => _milliseconds;

    public override void Take(ReadOnlySpan<byte> bytes)
    {
        var now = Stopwatch.GetTimestamp();
        for (var rest = bytes; !rest.IsEmpty;)
        {
            var part = rest[..Math.Min(rest.Length, _line.Length - _filled)];
            part.CopyTo(_line.AsSpan(_filled));
            _filled += part.Length;
            rest = rest[part.Length..];
            if (_filled == _line.Length)
            {
                _filled = 0;
                if (_lines++ % every == 0)
                {
                    _milliseconds.Add(Stopwatch.GetElapsedTime(StampedLog.StampOf(_line), now).TotalMilliseconds);
                }
            }
        }

        base.Take(bytes);
    }
}
