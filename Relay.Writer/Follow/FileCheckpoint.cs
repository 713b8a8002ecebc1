using System.Buffers.Binary;

namespace Relay.Writer.Follow;

/// <summary>
/// How far a file was followed, kept with the last bytes that were read from it, so that position and bytes never disagree.
/// </summary>
/// <param name="File">The file that was being read, under whatever name.</param>
/// <param name="Modified">Its last change, in nanoseconds since 1970.</param>
/// <param name="Place">How much of it was read, and handed on: it lies behind output, never in a hole.</param>
/// <param name="Done">The newest of the rotated files that were read to their ends, or were there before us.</param>
internal sealed record FileCheckpoint(FileIdentity File, long Modified, Fingerprint Place, FileIdentity Done, long DoneModified)
{
    // version:1 | file: device:8 inode:8 born:8 | modified:8 | offset:8 | head crc:4 | tail crc:4 | done: device:8 inode:8 born:8 | modified:8
    private const byte Version = 1;
    private const int Bytes = 81;

    public ReadOnlyMemory<byte> Encode()
    {
        var bytes = new byte[Bytes];
        bytes[0] = Version;
        Put(bytes.AsSpan(1), File.Device, File.Inode, File.Born, Modified, Place.Offset);
        BinaryPrimitives.WriteUInt32LittleEndian(bytes.AsSpan(41), Place.HeadCrc);
        BinaryPrimitives.WriteUInt32LittleEndian(bytes.AsSpan(45), Place.TailCrc);
        Put(bytes.AsSpan(49), Done.Device, Done.Inode, Done.Born, DoneModified);
        return bytes;
    }

    /// <returns><c>null</c> for what this version does not understand.</returns>
    public static FileCheckpoint? Decode(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length != Bytes || bytes[0] != Version)
        {
            return null;
        }

        var place = new Fingerprint(
            Get(bytes, 33), BinaryPrimitives.ReadUInt32LittleEndian(bytes[41..]), BinaryPrimitives.ReadUInt32LittleEndian(bytes[45..]));
        return new FileCheckpoint(
            new FileIdentity(Get(bytes, 1), Get(bytes, 9), Get(bytes, 17)),
            Get(bytes, 25),
            place,
            new FileIdentity(Get(bytes, 49), Get(bytes, 57), Get(bytes, 65)),
            Get(bytes, 73));
    }

    private static void Put(Span<byte> bytes, params ReadOnlySpan<long> values)
    {
        foreach (var value in values)
        {
            BinaryPrimitives.WriteInt64LittleEndian(bytes, value);
            bytes = bytes[sizeof(long)..];
        }
    }

    private static long Get(ReadOnlySpan<byte> bytes, int at) => BinaryPrimitives.ReadInt64LittleEndian(bytes[at..]);
}
