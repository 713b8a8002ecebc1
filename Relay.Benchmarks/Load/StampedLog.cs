using System.Buffers;
using System.Buffers.Text;
using Relay.Contracts;

namespace Relay.Benchmarks.Load;

/// <summary>
/// A log that is made while it is sent: each line says when it was handed over, so that whoever reads it knows how long it was on its way, and has a
/// number of its own, so that no line can stand in for another. As long as the lines of <see cref="Corpus"/>, and all of one length.
/// </summary>
internal sealed class StampedLog
{
    public const int LineBytes = 110;
    private const int NumberAt = 41;
    private const int NumberDigits = 10;
    private const int StampAt = 67;
    private const int StampDigits = 19;
    private readonly byte[] _line = "2026-01-01 12:00:00,000 INFO Paced: line 0000000000 handed over at 0000000000000000000 on executor 10.0.3.17.\n"u8.ToArray();
    private long _lines;
    private uint _crc;

    /// <summary>Bytes made so far.</summary>
    public long Bytes => Volatile.Read(ref _lines) * LineBytes;

    /// <summary>Their checksum.</summary>
    public uint Crc => Volatile.Read(ref _crc);

    /// <summary>The next line, handed over at <paramref name="timestamp"/>. Its memory is that of the one before, which must have been sent.</summary>
    public ReadOnlyMemory<byte> Next(long timestamp)
    {
        Utf8Formatter.TryFormat(_lines, _line.AsSpan(NumberAt), out _, new StandardFormat('D', NumberDigits));
        Utf8Formatter.TryFormat(timestamp, _line.AsSpan(StampAt), out _, new StandardFormat('D', StampDigits));
        Volatile.Write(ref _crc, Crc32C.Append(_crc, _line));
        Volatile.Write(ref _lines, _lines + 1);
        return _line;
    }

    /// <summary>When a line was handed over.</summary>
    public static long StampOf(ReadOnlySpan<byte> line) =>
        Utf8Parser.TryParse(line.Slice(StampAt, StampDigits), out long stamp, out var digits) && digits == StampDigits
            ? stamp
            : throw new InvalidDataException("Bytes came that are no line of this log.");
}
