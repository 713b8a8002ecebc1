using System.Buffers.Binary;
using System.Numerics;
using System.Runtime.InteropServices;

namespace Relay.Contracts;

/// <summary>CRC-32C (Castagnoli), RFC 3720 appendix B.4, as writers, server and readers all compute it. The check value of <c>123456789</c> is <c>0xE3069283</c>.</summary>
/// <remarks>
/// The processor's instruction gives its result three cycles after it began but takes eight bytes in every cycle. So long input goes through it in three
/// lanes side by side, where there is nothing faster (<see cref="Crc32CFolding"/>; Gopal et al., "Fast CRC Computation for iSCSI Polynomial Using CRC32 Instruction", Intel 2011):
/// <code>
///   bytes │ lane a, begun from crc │ lane b, from 0 │ lane c, from 0 │ …        crc = ((a · x^8n) ⊕ b) · x^8n ⊕ c,  n bytes in a lane
/// </code>
/// </remarks>
public static class Crc32C
{
    private const int CombineFrom = 4 * 1024;
    private const int LaneBytes = 512;
    private const uint Polynomial = 0x82F63B78; // Reflected: the coefficient of x^0 is the top bit.
    private const uint One = 1u << 31;

    /// <summary>Entry k is x to the power of 2^k. Before the table below, which is made with it.</summary>
    private static readonly uint[] SquaredPowers = MakeSquaredPowers();

    /// <summary>For each byte of a remainder, and each value of that byte, what it is after a lane of zeros.</summary>
    private static readonly uint[] BehindLane = MakeBehindLane();

    /// <summary>Continues a checksum: <paramref name="crc"/> is 0 at the start, then the last result.</summary>
    public static uint Append(uint crc, ReadOnlySpan<byte> bytes)
    {
        crc = ~crc;
        if (Crc32CFolding.IsSupported && bytes.Length >= Crc32CFolding.WorthFrom)
        {
            crc = Crc32CFolding.Append(crc, ref bytes);
        }

        return ~AppendByInstruction(crc, bytes);
    }

    /// <summary>The checksum of two pieces of data in a row, from the checksums of both: <c>Append(first, second)</c> without the bytes.</summary>
    /// <param name="first">Of all that comes first.</param>
    /// <param name="second">Of what follows.</param>
    /// <param name="secondBytes">How long that is.</param>
    public static uint Combine(uint first, uint second, long secondBytes) => Multiply(PowerOfByte(secondBytes), first) ^ second;

    /// <summary>As <see cref="Combine(uint, uint, long)"/>, or by going over the second piece again, where it is so short that this takes less time.</summary>
    /// <param name="first">Of all that comes first.</param>
    /// <param name="second">Of what follows.</param>
    /// <param name="secondBytes">What follows.</param>
    public static uint Combine(uint first, uint second, ReadOnlySpan<byte> secondBytes) =>
        secondBytes.Length < CombineFrom ? Append(first, secondBytes) : Combine(first, second, secondBytes.Length);

    /// <summary>Continues a state, which is a checksum inverted, by the processor's instruction for it.</summary>
    internal static uint AppendByInstruction(uint crc, ReadOnlySpan<byte> bytes)
    {
        for (; bytes.Length >= 3 * LaneBytes && BitConverter.IsLittleEndian; bytes = bytes[(3 * LaneBytes)..])
        {
            crc = AppendLanes(crc, bytes);
        }

        while (bytes.Length >= sizeof(ulong))
        {
            crc = BitOperations.Crc32C(crc, BinaryPrimitives.ReadUInt64LittleEndian(bytes));
            bytes = bytes[sizeof(ulong)..];
        }

        foreach (var b in bytes)
        {
            crc = BitOperations.Crc32C(crc, b);
        }

        return crc;
    }

    private static uint AppendLanes(uint crc, ReadOnlySpan<byte> bytes)
    {
        var a = MemoryMarshal.Cast<byte, ulong>(bytes[..LaneBytes]);
        var b = MemoryMarshal.Cast<byte, ulong>(bytes.Slice(LaneBytes, LaneBytes));
        var c = MemoryMarshal.Cast<byte, ulong>(bytes.Slice(2 * LaneBytes, LaneBytes));
        var (crcB, crcC) = (0u, 0u);
        for (var i = 0; i < a.Length && i < b.Length && i < c.Length; i++)
        {
            crc = BitOperations.Crc32C(crc, a[i]);
            crcB = BitOperations.Crc32C(crcB, b[i]);
            crcC = BitOperations.Crc32C(crcC, c[i]);
        }

        return PassLane(PassLane(crc) ^ crcB) ^ crcC;
    }

    private static uint PassLane(uint crc)
    {
        var table = BehindLane;
        return table[crc & 0xff] ^ table[0x100 + ((crc >> 8) & 0xff)] ^ table[0x200 + ((crc >> 16) & 0xff)] ^ table[0x300 + (crc >> 24)];
    }

    /// <summary>The product of two polynomials over GF(2), modulo the polynomial of the checksum.</summary>
    private static uint Multiply(uint left, uint right)
    {
        var product = 0u;
        for (; left != 0; left <<= 1)
        {
            product ^= (left & One) != 0 ? right : 0;
            right = (right & 1) != 0 ? (right >> 1) ^ Polynomial : right >> 1;
        }

        return product;
    }

    /// <summary>x to the power of so many bytes.</summary>
    private static uint PowerOfByte(long bytes) => PowerOf(bytes, firstSquare: 3);

    /// <summary>x to the power of so many bits, or of so many times 2 to the power of <paramref name="firstSquare"/>.</summary>
    internal static uint PowerOf(long bits, int firstSquare = 0)
    {
        var power = One;
        for (var k = firstSquare; bits > 0; bits >>= 1, k++)
        {
            power = (bits & 1) != 0 ? Multiply(SquaredPowers[k], power) : power;
        }

        return power;
    }

    private static uint[] MakeSquaredPowers()
    {
        var powers = new uint[64 + 3];
        powers[0] = One >> 1;
        for (var k = 1; k < powers.Length; k++)
        {
            powers[k] = Multiply(powers[k - 1], powers[k - 1]);
        }

        return powers;
    }

    private static uint[] MakeBehindLane()
    {
        var behind = PowerOfByte(LaneBytes);
        var table = new uint[sizeof(uint) * 0x100];
        for (var i = 0; i < table.Length; i++)
        {
            table[i] = Multiply(behind, (uint)(i & 0xff) << (8 * (i >> 8)));
        }

        return table;
    }
}
