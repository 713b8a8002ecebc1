using System.Text;
using FluentAssertions;
using Relay.Contracts;
using Xunit;

namespace Relay.Tests.Contracts;

public sealed class Crc32CTests
{
    /// <summary>The check value, and the examples of RFC 3720, appendix B.4 (which prints them in byte order of the wire).</summary>
    public static TheoryData<byte[], uint> Known => new()
    {
        { [], 0 },
        { Encoding.ASCII.GetBytes("123456789"), 0xE3069283 },
        { new byte[32], 0x8A9136AA },
        { [.. Enumerable.Repeat((byte)0xff, 32)], 0x62A8AB43 },
        { [.. Enumerable.Range(0, 32).Select(i => (byte)i)], 0x46DD794E },
        { [.. Enumerable.Range(0, 32).Select(i => (byte)(31 - i))], 0x113FDB5C },
    };

    [Theory]
    [MemberData(nameof(Known))]
    public void Known_bytes_have_known_checksums(byte[] bytes, uint expected) => Crc32C.Append(0, bytes).Should().Be(expected);

    [Fact]
    public void Pieces_give_the_checksum_of_the_whole()
    {
        var bytes = Enumerable.Range(0, 100).Select(i => (byte)(i * 31)).ToArray();
        var whole = Crc32C.Append(0, bytes);

        for (var cut = 0; cut <= bytes.Length; cut++)
        {
            Crc32C.Append(Crc32C.Append(0, bytes.AsSpan(0, cut)), bytes.AsSpan(cut)).Should().Be(whole, $"cut at {cut}");
        }

        bytes.Aggregate(0u, (crc, b) => Crc32C.Append(crc, [b])).Should().Be(whole);
    }

    [Theory]
    [InlineData(1535)]
    [InlineData(1536)]
    [InlineData(1537)]
    [InlineData(2047)]
    [InlineData(2048)]
    [InlineData(2303)]
    [InlineData(2304)]
    [InlineData(2305)]
    [InlineData(49_152)]
    [InlineData(100_003)]
    public void Long_input_has_the_checksum_that_its_bytes_give_one_by_one(int length)
    {
        var bytes = RandomBytes(length);

        var oneByOne = bytes.Aggregate(0xDEADBEEF, (crc, b) => Crc32C.Append(crc, [b]));

        Crc32C.Append(0xDEADBEEF, bytes).Should().Be(oneByOne);
        (~Crc32C.AppendByInstruction(~0xDEADBEEF, bytes)).Should().Be(oneByOne, "also on processors with nothing faster");
    }

    [Fact]
    public void Checksums_of_two_pieces_combine_to_that_of_the_whole()
    {
        var bytes = RandomBytes(70_000);

        foreach (var cut in (int[])[0, 1, 7, 511, 512, 4096, 49_152, 69_999, 70_000])
        {
            var (first, second) = (Crc32C.Append(0, bytes.AsSpan(0, cut)), Crc32C.Append(0, bytes.AsSpan(cut)));
            Crc32C.Combine(first, second, bytes.Length - cut).Should().Be(Crc32C.Append(0, bytes), $"cut at {cut}");
        }
    }

    [Fact]
    public void Combining_knows_the_length_of_terabytes()
    {
        // x^(8n) has a period of 2^31 - 1 bits for this polynomial: so long a run of zeros and this many more bytes are the same.
        const long period = (1L << 31) - 1;

        Crc32C.Combine(0x12345678, 0, (period * 8 * 1024) + 3).Should().Be(Crc32C.Combine(0x12345678, 0, 3));
    }

    private static byte[] RandomBytes(int length)
    {
        var bytes = new byte[length];
        new Random(7).NextBytes(bytes);
        return bytes;
    }
}
