using System.Buffers;
using System.Buffers.Binary;
using System.Buffers.Text;
using Relay.Contracts;

namespace Relay.Server.Storage;

/// <summary>
/// A place between two records of one incarnation of a session. The offsets make it possible to name the missing bytes when the place is no longer kept.
/// <code>
/// version:1 | incarnation:8 | epoch:4 | sequence:8 | stdout offset:8 | stderr offset:8 | crc-32c:4      little endian, base64url without padding
/// </code>
/// </summary>
internal readonly record struct ReadCursor(long Incarnation, int Epoch, long Sequence, long StdoutOffset, long StderrOffset)
{
    private const byte FormatVersion = 1;
    private const int Size = 41;

    public long OffsetOf(OutputType output) => output == OutputType.Stdout ? StdoutOffset : StderrOffset;

    public override string ToString()
    {
        Span<byte> bytes = stackalloc byte[Size];
        bytes[0] = FormatVersion;
        BinaryPrimitives.WriteInt64LittleEndian(bytes[1..], Incarnation);
        BinaryPrimitives.WriteInt32LittleEndian(bytes[9..], Epoch);
        BinaryPrimitives.WriteInt64LittleEndian(bytes[13..], Sequence);
        BinaryPrimitives.WriteInt64LittleEndian(bytes[21..], StdoutOffset);
        BinaryPrimitives.WriteInt64LittleEndian(bytes[29..], StderrOffset);
        BinaryPrimitives.WriteUInt32LittleEndian(bytes[37..], Crc32C.Append(0, bytes[..37]));
        return Base64Url.EncodeToString(bytes);
    }

    /// <exception cref="RelayException"><see cref="RelayErrorCode.InvalidCursor"/>.</exception>
    public static ReadCursor Parse(string? text)
    {
        Span<byte> bytes = stackalloc byte[Size];
        if (text is null || Base64Url.DecodeFromChars(text, bytes, out _, out var count) != OperationStatus.Done || count != Size || bytes[0] != FormatVersion
            || BinaryPrimitives.ReadUInt32LittleEndian(bytes[37..]) != Crc32C.Append(0, bytes[..37]))
        {
            throw Errors.InvalidCursor();
        }

        return new ReadCursor(
            BinaryPrimitives.ReadInt64LittleEndian(bytes[1..]),
            BinaryPrimitives.ReadInt32LittleEndian(bytes[9..]),
            BinaryPrimitives.ReadInt64LittleEndian(bytes[13..]),
            BinaryPrimitives.ReadInt64LittleEndian(bytes[21..]),
            BinaryPrimitives.ReadInt64LittleEndian(bytes[29..]));
    }
}
