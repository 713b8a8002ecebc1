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
}
