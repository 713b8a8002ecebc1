using System.Text;
using System.Text.Unicode;
using FluentAssertions;
using Relay.Server.Streaming;
using Xunit;

namespace Relay.Tests.Streaming;

/// <summary>However a text is cut, the pieces that leave the gate are each valid UTF-8 and together what decoding the whole at once gives.</summary>
public sealed class Utf8GateTests
{
    public static TheoryData<string> Samples => new(Texts.Select(Convert.ToHexString));

    private static readonly byte[][] Texts =
    [
        [],
        "plain ASCII\r\n"u8.ToArray(),
        "é ✓ 日本 😀 \u0000 \uFFFD \uFEFF"u8.ToArray(),
        [0xFF], [0xC3], [0xE2, 0x9C], [0xF0, 0x9F, 0x98], [0x80], [0x80, 0x80, 0x80],
        [0x61, 0xC3, 0x62, 0xE2, 0x9C, 0x63, 0xF0, 0x9F, 0x98, 0x64],
        [0xC0, 0x80, 0xC1, 0xBF, 0xE0, 0x80, 0x80, 0xF0, 0x80, 0x80, 0x80],
        [0xED, 0xA0, 0x80, 0xED, 0xBF, 0xBF, 0xED, 0x9F, 0xBF],
        [0xF4, 0x8F, 0xBF, 0xBF, 0xF4, 0x90, 0x80, 0x80, 0xF5, 0x80, 0x80, 0x80, 0xF8, 0x88, 0x80, 0x80, 0x80],
        [0xE2, 0xE2, 0x9C, 0x93, 0xF0, 0xF0, 0x9F, 0x98, 0x80, 0xC3, 0xC3, 0xA9],
        [0xE1, 0x80, 0xE2, 0xF0, 0x91, 0x92, 0xF1, 0xBF, 0x41],
        [0xF0, 0x9F, 0xF0, 0x9F, 0x98, 0xE2, 0xC3],
    ];

    [Theory]
    [MemberData(nameof(Samples))]
    public void Every_cut_into_three_pieces_gives_the_same_text(string hex)
    {
        var bytes = Convert.FromHexString(hex);
        for (var first = 0; first <= bytes.Length; first++)
        {
            for (var second = first; second <= bytes.Length; second++)
            {
                ShouldBeRight(bytes, [first, second]);
            }
        }

        ShouldBeRight(bytes, [.. Enumerable.Range(1, Math.Max(0, bytes.Length - 1))]);
    }

    [Fact]
    public void Random_bytes_in_random_pieces_give_the_same_text()
    {
        var random = new Random(20240229);
        byte[] likely = [0x41, 0x80, 0xBF, 0x9F, 0x98, 0xC3, 0xE0, 0xE2, 0xED, 0xF0, 0xF4, 0xF5, 0xFF, 0xA0, 0x90, 0xC1];
        for (var round = 0; round < 20_000; round++)
        {
            var bytes = new byte[random.Next(1, 24)];
            for (var i = 0; i < bytes.Length; i++)
            {
                bytes[i] = random.Next(4) == 0 ? (byte)random.Next(256) : likely[random.Next(likely.Length)];
            }

            ShouldBeRight(bytes, [.. Enumerable.Range(1, bytes.Length).Where(_ => random.Next(3) == 0)]);
        }
    }

    [Fact]
    public void Whole_text_passes_without_a_copy()
    {
        ReadOnlyMemory<byte> piece = "größe ✓"u8.ToArray();

        new Utf8Gate().Push(piece).Should().Be(piece);
    }

    [Fact]
    public void What_is_whole_is_not_held_back()
    {
        var gate = new Utf8Gate();

        Encoding.UTF8.GetString(gate.Push(new byte[] { 0x61, 0xF0, 0x9F }).Span).Should().Be("a");
        Encoding.UTF8.GetString(gate.Push(new byte[] { 0x98 }).Span).Should().Be("");
        Encoding.UTF8.GetString(gate.Push(new byte[] { 0x80, 0x62 }).Span).Should().Be("😀b");
        gate.Finish().Length.Should().Be(0);
    }

    [Fact]
    public void A_gate_can_be_used_on_after_its_end()
    {
        var gate = new Utf8Gate();
        gate.Push(new byte[] { 0xE2, 0x9C });

        Encoding.UTF8.GetString(gate.Finish().Span).Should().Be("\uFFFD");
        Encoding.UTF8.GetString(gate.Push("next"u8.ToArray()).Span).Should().Be("next");
        gate.Finish().Length.Should().Be(0);
    }

    private static void ShouldBeRight(byte[] bytes, int[] cuts)
    {
        var gate = new Utf8Gate();
        var text = new List<byte>();
        var from = 0;
        foreach (var to in cuts.Append(bytes.Length))
        {
            Take(gate.Push(bytes.AsMemory(from..to)));
            from = to;
        }

        Take(gate.Finish());
        var expected = Encoding.UTF8.GetBytes(Encoding.UTF8.GetString(bytes));
        if (!text.SequenceEqual(expected))
        {
            Convert.ToHexString([.. text]).Should().Be(Convert.ToHexString(expected), $"{Convert.ToHexString(bytes)} was cut at {string.Join(", ", cuts)}");
        }

        void Take(ReadOnlyMemory<byte> piece)
        {
            Utf8.IsValid(piece.Span).Should().BeTrue();
            text.AddRange(piece.ToArray());
        }
    }
}
