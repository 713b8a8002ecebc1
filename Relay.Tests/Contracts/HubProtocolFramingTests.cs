using System.Buffers;
using FluentAssertions;
using Microsoft.AspNetCore.SignalR.Protocol;
using Relay.Contracts;
using Relay.Tests.TestKit;
using Xunit;

namespace Relay.Tests.Contracts;

public sealed class HubProtocolFramingTests
{
    private static readonly Binder AnyInt = new(typeof(int));

    public static TheoryData<string> Names => Samples.Names;

    [Theory]
    [InlineData(0x7f, "7f")]
    [InlineData(0x80, "8001")]
    [InlineData(0x3fff, "ff7f")]
    [InlineData(0x4000, "808001")]
    [InlineData(0x1fffff, "ffff7f")]
    [InlineData(0x200000, "80808001")]
    public void The_length_prefix_has_its_shortest_form(int bodyLength, string prefix)
    {
        // 94 02 80 a1 69 c6 and four bytes of length stand before the data; shorter lengths have shorter headers.
        var header = bodyLength switch { <= 0xff + 7 => 7, <= 0xffff + 8 => 8, _ => 10 };

        var frame = Samples.Encode(new StreamItemMessage("i", new byte[bodyLength - header]));

        Convert.ToHexStringLower(frame.AsSpan(0, prefix.Length / 2)).Should().Be(prefix);
        frame.Length.Should().Be((prefix.Length / 2) + bodyLength);
        Samples.Decode(frame, new Binder(typeof(byte[]))).Should().BeOfType<StreamItemMessage>();
    }

    [Fact]
    public void A_longer_form_of_the_length_is_read() => Samples.Decode(Samples.Hex("82 80 80 80 00 91 06"), AnyInt).Should().BeOfType<PingMessage>();

    [Theory]
    [InlineData("ff ff ff ff 08")]
    [InlineData("ff ff ff ff 0f")]
    [InlineData("80 80 80 80 80")]
    [InlineData("80 80 80 80 80 00")]
    [InlineData("ff ff ff ff ff ff")]
    public void A_length_beyond_its_range_is_refused(string prefix)
    {
        var decode = () => Samples.Decode(Samples.Hex(prefix), AnyInt);

        decode.Should().Throw<InvalidDataException>();
    }

    [Theory]
    [InlineData("")]
    [InlineData("80")]
    [InlineData("02 91")]
    [InlineData("ff ff ff ff 07 91 06")]
    public void Incomplete_input_is_left_as_it_is(string bytes)
    {
        var input = new ReadOnlySequence<byte>(Samples.Hex(bytes));
        var before = input;

        Samples.Protocol.TryParseMessage(ref input, AnyInt, out var message).Should().BeFalse();

        message.Should().BeNull();
        input.Should().Be(before);
    }

    [Fact]
    public void Messages_of_unknown_types_are_passed_over()
    {
        var input = new ReadOnlySequence<byte>(Samples.Hex("03 92 63 05 02 91 0a 02 91 06 03 91 cc 80 05 94"));

        Samples.Protocol.TryParseMessage(ref input, AnyInt, out var message).Should().BeTrue();
        message.Should().BeOfType<PingMessage>();

        Samples.Protocol.TryParseMessage(ref input, AnyInt, out message).Should().BeFalse();
        Convert.ToHexStringLower(input.ToArray()).Should().Be("0594", "the unknown message is consumed, the incomplete one is not");
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Segments_make_no_difference(string name)
    {
        var value = Samples.Values[name];
        foreach (var message in Samples.MessagesWith(value))
        {
            var frame = Samples.Encode(message);
            // Every cut of the first kilobyte and of the end; the middle of large data is all alike.
            foreach (var cut in Enumerable.Range(0, frame.Length + 1).Where(i => i < 1024 || i > frame.Length - 16))
            {
                var decoded = Samples.Decode(Split(frame, cut), Binder.For(value));

                if (frame.Length < 1024 || cut % 100 == 0)
                {
                    Samples.Describe(decoded).Should().Be(Samples.Describe(message), $"cut at byte {cut}");
                }
            }
        }
    }

    [Fact]
    public void A_byte_at_a_time_gives_the_same_message_at_the_last_byte()
    {
        var item = new StreamItemMessage("1", Samples.Values["WriteRequest"]);
        var frame = Samples.Encode(item);
        for (var count = 0; count < frame.Length; count++)
        {
            var input = Sequences.Of(frame.Take(count).Select(b => new[] { b }));

            Samples.Protocol.TryParseMessage(ref input, new Binder(typeof(WriteRequest)), out _).Should().BeFalse();
            input.Length.Should().Be(count);
        }

        Samples.Describe(Samples.Decode(Sequences.Of(frame.Select(b => new[] { b })), new Binder(typeof(WriteRequest)))).Should().Be(Samples.Describe(item));
    }

    private static ReadOnlySequence<byte> Split(byte[] bytes, int at) => Sequences.Of([bytes[..at], [], bytes[at..]]);
}
