using System.Buffers;
using FluentAssertions;
using Relay.Contracts;
using Xunit;

namespace Relay.Tests.Contracts;

/// <summary>Damaged frames may fail in one way only, and may not cost more than their size allows.</summary>
public sealed class HubProtocolMutationTests
{
    private const int Mutations = 10_000;

    /// <summary>The dearest byte is an empty array in a list of entries: a whole <see cref="LogEntry"/> for one byte.</summary>
    private const int MaxAllocatedPerByte = 160;

    /// <summary>Exceptions and their texts.</summary>
    private const int MaxAllocatedPerFrame = 64 * 1024;

    private static readonly byte[][] HugeHeaders =
    [
        Samples.Hex("dd ffffffff"), Samples.Hex("dd 00ffffff"), Samples.Hex("df 7fffffff"), Samples.Hex("db ffffffff"), Samples.Hex("c6 ffffffff"),
        Samples.Hex("c9 ffffffff 01"), Samples.Hex("dc ffff"), Samples.Hex("de ffff"), Samples.Hex("ff ff ff ff 07"), Samples.Hex("9f 9f 9f 9f 9f 9f"),
    ];

    [Fact]
    public void Damaged_frames_never_hang_never_crash_and_never_cost_more_than_their_size()
    {
        var seed = Environment.GetEnvironmentVariable("RELAY_TEST_SEED") is { } given ? int.Parse(given) : Environment.TickCount;
        var random = new Random(seed);
        var originals = Originals().ToArray();
        Parse(originals[0].Frame, originals[0].Binder);

        for (var i = 0; i < Mutations; i++)
        {
            var (frame, binder) = originals[random.Next(originals.Length)];
            var mutant = Mutate(frame, random);
            var before = GC.GetAllocatedBytesForCurrentThread();

            var failure = Record.Exception(() => Parse(mutant, binder));

            var allocated = GC.GetAllocatedBytesForCurrentThread() - before;
            var because = $"of seed {seed} (RELAY_TEST_SEED), mutation {i}: {Convert.ToHexStringLower(mutant)}";
            (failure is null or InvalidDataException).Should().BeTrue("{0} must not throw {1}", because, failure);
            allocated.Should().BeLessThan(MaxAllocatedPerFrame + (MaxAllocatedPerByte * (long)mutant.Length), because);
        }
    }

    [Theory]
    [InlineData("90")]
    [InlineData("c0")]
    [InlineData("80")]
    [InlineData("01")]
    [InlineData("a0")]
    public void A_megabyte_of_the_smallest_elements_costs_a_bounded_multiple(string element)
    {
        const int count = 1_000_000;
        (Type, string)[] lists =
            [(typeof(LogBatch), "92 a0"), (typeof(WriteItem), "97 03 00 00 c0 00 c0"), (typeof(WriteRequest), "95 01 a0 a0 01"), (typeof(object), "91")];
        foreach (var (type, head) in lists)
        {
            byte[] body =
                [.. Samples.Hex("94 02 80 a1 69"), .. Samples.Hex(head), .. Samples.Hex("dd 000f4240"), .. Enumerable.Repeat(Samples.Hex(element)[0], count)];
            var frame = Framed(body);
            var before = GC.GetAllocatedBytesForCurrentThread();

            Parse(frame, new Binder(type));

            (GC.GetAllocatedBytesForCurrentThread() - before).Should().BeLessThan(MaxAllocatedPerFrame + ((long)MaxAllocatedPerByte * frame.Length));
        }
    }

    private static void Parse(byte[] bytes, Binder binder)
    {
        var input = new ReadOnlySequence<byte>(bytes);
        while (Samples.Protocol.TryParseMessage(ref input, binder, out _))
        {
        }
    }

    private static IEnumerable<(byte[] Frame, Binder Binder)> Originals() =>
        from value in Samples.Values.Values
        from message in Samples.MessagesWith(value)
        let frame = Samples.Encode(message)
        where frame.Length < 4096
        from binder in new[] { Binder.For(value), new Binder(typeof(object)), new Binder(typeof(LogBatch)) }
        select (frame, binder);

    private static byte[] Mutate(byte[] original, Random random)
    {
        var bytes = original.ToList();
        for (var rounds = random.Next(1, 5); rounds > 0 && bytes.Count > 0; rounds--)
        {
            var at = random.Next(bytes.Count);
            switch (random.Next(6))
            {
                case 0:
                    bytes[at] ^= (byte)(1 << random.Next(8));
                    break;
                case 1:
                    bytes[at] = (byte)random.Next(256);
                    break;
                case 2:
                    bytes.RemoveRange(at, bytes.Count - at);
                    break;
                case 3:
                    bytes.InsertRange(at, bytes.GetRange(at, random.Next(bytes.Count - at + 1)));
                    break;
                case 4:
                    var garbage = new byte[random.Next(1, 17)];
                    random.NextBytes(garbage);
                    bytes.InsertRange(at, garbage);
                    break;
                default:
                    var header = HugeHeaders[random.Next(HugeHeaders.Length)];
                    bytes.RemoveRange(at, Math.Min(header.Length, bytes.Count - at));
                    bytes.InsertRange(at, header);
                    break;
            }
        }

        // Most mutants get a length that fits, else nearly all of them would end as incomplete frames.
        var body = bytes.Skip(HubFramePrefix(original)).ToArray();
        return random.Next(4) == 0 ? [.. bytes] : Framed(body);
    }

    private static int HubFramePrefix(byte[] frame) => frame[0] < 0x80 ? 1 : 2;

    private static byte[] Framed(byte[] body) =>
        [(byte)(body.Length | 0x80), (byte)((body.Length >> 7) | 0x80), (byte)(body.Length >> 14), .. body];
}
