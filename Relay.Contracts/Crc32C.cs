using System.Buffers.Binary;
using System.Numerics;

namespace Relay.Contracts;

/// <summary>CRC-32C (Castagnoli), RFC 3720 appendix B.4, as writers, server and readers all compute it. The check value of <c>123456789</c> is <c>0xE3069283</c>.</summary>
public static class Crc32C
{
    /// <summary>Continues a checksum: <paramref name="crc"/> is 0 at the start, then the last result.</summary>
    public static uint Append(uint crc, ReadOnlySpan<byte> bytes)
    {
        crc = ~crc;
        while (bytes.Length >= sizeof(ulong))
        {
            crc = BitOperations.Crc32C(crc, BinaryPrimitives.ReadUInt64LittleEndian(bytes));
            bytes = bytes[sizeof(ulong)..];
        }

        foreach (var b in bytes)
        {
            crc = BitOperations.Crc32C(crc, b);
        }

        return ~crc;
    }
}
