using Microsoft.Win32.SafeHandles;
using Relay.Contracts;
using Relay.Redaction;

namespace Relay.Writer.Follow;

/// <summary>How much of a file was read, and checksums by which the same bytes are known again in it or in a copy of it.</summary>
/// <param name="Offset">So many bytes were read.</param>
/// <param name="HeadCrc">CRC-32C of the first 1024 of them, or of all if there are fewer.</param>
/// <param name="TailCrc">CRC-32C of the last 1024 of them, or of all if there are fewer.</param>
/// <param name="IsHole">Whether all of them are NUL, see <see cref="FileMark.IsHole"/>; then the checksums prove nothing.</param>
internal readonly record struct Fingerprint(long Offset, uint HeadCrc, uint TailCrc, bool IsHole = false);

/// <summary>
/// A place in a file, with the first and the last bytes that were read before it. A file that holds other bytes there was truncated and
/// written anew. The first alone would not do: many logs begin with the same banner each time.
/// </summary>
internal sealed class FileMark
{
    /// <summary>Most bytes that are compared at each end.</summary>
    public const int MostBytes = 1024;

    private const int MostRecentBytes = MostBytes + Redactor.MostHeldBytes;

    private byte[] _head = [];
    private byte[] _recent = []; // Far enough back for the tail of a place before which bytes are held.

    public long Offset { get; private set; }

    /// <summary>
    /// Whether all that was read so far are NUL bytes: the hole that a job leaves in front of its output when its log is truncated and it does not
    /// append.
    /// </summary>
    public bool IsHole { get; private set; } = true;

    public Fingerprint Fingerprint => FingerprintBefore(0);

    private ReadOnlySpan<byte> Tail => _recent.AsSpan(_recent.Length - Math.Min(_recent.Length, MostBytes));

    /// <summary>The mark in this file at which the fingerprint was taken.</summary>
    /// <returns><c>null</c> when the file is shorter or holds other bytes.</returns>
    public static FileMark? Find(SafeFileHandle file, Fingerprint fingerprint)
    {
        var size = (int)Math.Min(fingerprint.Offset, MostBytes);
        var mark = new FileMark
        {
            _head = ReadAt(file, 0, size),
            _recent = ReadAt(file, fingerprint.Offset - size, size),
            Offset = fingerprint.Offset,
            IsHole = fingerprint.IsHole,
        };
        return mark._recent.Length == size && mark.Fingerprint == fingerprint ? mark : null;
    }

    /// <summary>Of the place so many of the bytes that were read here before this one.</summary>
    /// <param name="held">At most as many as a <see cref="Redactor"/> holds.</param>
    public Fingerprint FingerprintBefore(int held)
    {
        var offset = Offset - held;
        var before = _recent.AsSpan(0, _recent.Length - held);
        var size = (int)Math.Min(offset, MostBytes);
        return new Fingerprint(
            offset, Crc32C.Append(0, _head.AsSpan(0, Math.Min(_head.Length, size))), Crc32C.Append(0, before[^Math.Min(before.Length, size)..]), IsHole);
    }

    /// <summary>Moves on over bytes that were read here.</summary>
    public void Advance(ReadOnlySpan<byte> bytes)
    {
        if (_head.Length < MostBytes)
        {
            _head = [.. _head, .. bytes[..Math.Min(bytes.Length, MostBytes - _head.Length)]];
        }

        var last = bytes[^Math.Min(bytes.Length, MostRecentBytes)..];
        _recent = [.. _recent[^Math.Min(_recent.Length, MostRecentBytes - last.Length)..], .. last];
        Offset += bytes.Length;
        IsHole = IsHole && !bytes.ContainsAnyExcept((byte)0);
    }

    /// <summary>Whether the file still holds, before the mark, what was read there.</summary>
    public bool IsIn(SafeFileHandle file) =>
        ReadAt(file, 0, _head.Length).AsSpan().SequenceEqual(_head) && ReadAt(file, Offset - Tail.Length, Tail.Length).AsSpan().SequenceEqual(Tail);

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
