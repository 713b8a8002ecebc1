using Microsoft.Win32.SafeHandles;
using Relay.Contracts;

namespace Relay.Writer.Follow;

/// <summary>How much of a file was read, and checksums by which the same bytes are known again in it or in a copy of it.</summary>
/// <param name="Offset">So many bytes were read.</param>
/// <param name="HeadCrc">CRC-32C of the first 1024 of them, or of all if there are fewer.</param>
/// <param name="TailCrc">CRC-32C of the last 1024 of them, or of all if there are fewer.</param>
internal readonly record struct Fingerprint(long Offset, uint HeadCrc, uint TailCrc);

/// <summary>
/// A place in a file, with the first and the last bytes that were read before it. A file that holds other bytes there was truncated and
/// written anew. The first alone would not do: many logs begin with the same banner each time.
/// </summary>
internal sealed class FileMark
{
    /// <summary>Most bytes that are compared at each end.</summary>
    public const int MostBytes = 1024;

    private byte[] _head = [];
    private byte[] _tail = [];

    public long Offset { get; private set; }

    public Fingerprint Fingerprint => new(Offset, Crc32C.Append(0, _head), Crc32C.Append(0, _tail));

    /// <summary>The mark in this file at which the fingerprint was taken.</summary>
    /// <returns><c>null</c> when the file is shorter or holds other bytes.</returns>
    public static FileMark? Find(SafeFileHandle file, Fingerprint fingerprint)
    {
        var size = (int)Math.Min(fingerprint.Offset, MostBytes);
        var mark = new FileMark
        {
            _head = ReadAt(file, 0, size),
            _tail = ReadAt(file, fingerprint.Offset - size, size),
            Offset = fingerprint.Offset,
        };
        return mark._tail.Length == size && mark.Fingerprint == fingerprint ? mark : null;
    }

    /// <summary>Moves on over bytes that were read here.</summary>
    public void Advance(ReadOnlySpan<byte> bytes)
    {
        if (_head.Length < MostBytes)
        {
            _head = [.. _head, .. bytes[..Math.Min(bytes.Length, MostBytes - _head.Length)]];
        }

        var last = bytes[^Math.Min(bytes.Length, MostBytes)..];
        _tail = [.. _tail[^Math.Min(_tail.Length, MostBytes - last.Length)..], .. last];
        Offset += bytes.Length;
    }

    /// <summary>Whether the file still holds, before the mark, what was read there.</summary>
    public bool IsIn(SafeFileHandle file) =>
        ReadAt(file, 0, _head.Length).AsSpan().SequenceEqual(_head) && ReadAt(file, Offset - _tail.Length, _tail.Length).AsSpan().SequenceEqual(_tail);

    private static byte[] ReadAt(SafeFileHandle file, long offset, int count)
    {
        var bytes = new byte[count];
        var read = 0;
        while (read < count && RandomAccess.Read(file, bytes.AsSpan(read), offset + read) is > 0 and var more)
        {
            read += more;
        }

        return bytes[..read];
    }
}
