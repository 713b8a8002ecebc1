using FluentAssertions;
using Relay.Client.Writing;
using Relay.Contracts;
using Xunit;

namespace Relay.Tests.Client;

/// <summary>The replay buffer in memory.</summary>
public sealed class ReplayBufferTests() : ReplayStoreContractTests(new ReplayBuffer(1024 * 1024, OutputTypes.All))
{
    [Fact]
    public void Bytes_that_are_no_longer_held_leave_a_hole_in_the_positions()
    {
        var buffer = new ReplayBuffer(1024, OutputTypes.All);
        buffer.TryAppend(Out, "abcd"u8);
        TakeAll(buffer);
        buffer.Release(Out, 4);
        buffer.TryAppend(Out, "ef"u8);

        buffer.Rewind();
        buffer.SendFrom(Out, 1);
        TakeAll(buffer).Should().Equal("stdout@4:ef");
    }

    [Fact]
    public void Release_gives_room_and_never_drops_what_was_not_sent()
    {
        var small = new ReplayBuffer(600, OutputTypes.All);
        small.TryAppend(Out, new byte[256]).Should().BeTrue();
        small.TryAppend(Err, new byte[256]).Should().BeFalse("384 of 600 bytes are taken");

        small.Release(Out, 256);
        small.TryAppend(Err, new byte[256]).Should().BeFalse("nothing was sent, so nothing can be durable");

        small.TryTake(out _, out _, out _);
        small.Release(Out, 256);
        small.TryAppend(Err, new byte[256]).Should().BeTrue();
    }

    [Fact]
    public void A_million_tiny_alternating_writes_stay_within_the_bound()
    {
        var small = new ReplayBuffer(100_000, OutputTypes.All);
        var taken = 0;
        while (taken < 1_000_000 && small.TryAppend(taken % 2 == 0 ? Out : Err, [1]))
        {
            taken++;
        }

        taken.Should().BeInRange(100, 1000, "each chunk counts with its overhead");
    }

    [Fact]
    public void A_writer_that_has_fallen_behind_sends_large_items_and_the_same_bytes()
    {
        var buffer = new ReplayBuffer(32 * 1024 * 1024, OutputTypes.All);
        var written = Enumerable.Range(0, 60_000).SelectMany(i => BitConverter.GetBytes(i)).ToArray();
        var sizes = new List<int>();
        for (var round = 0; round < 8; round++)
        {
            // Again and again, so that memory is used again.
            foreach (var line in written.Chunk(100))
            {
                buffer.TryAppend(Out, line).Should().BeTrue();
            }

            foreach (var line in written.Chunk(30_000))
            {
                buffer.TryAppend(Out, line).Should().BeTrue();
            }

            var taken = new List<byte>();
            while (buffer.TryTake(out _, out _, out var bytes))
            {
                sizes.Add(bytes.Length);
                taken.AddRange(bytes.Span);
            }

            taken.SequenceEqual([.. written, .. written]).Should().BeTrue($"round {round}");
            buffer.Release(Out, (round + 1L) * 2 * written.Length);
        }

        sizes.Max().Should().BeInRange(ReplayBuffer.MaxItemBytes + 1, ReplayChunk.LargeBytes);
        sizes.Count(size => size > ReplayBuffer.MaxItemBytes).Should().BeGreaterThanOrEqualTo(8, "each round falls behind");
    }

    [Fact]
    public void Memory_is_not_used_again_before_its_bytes_are_durable()
    {
        var buffer = new ReplayBuffer(32 * 1024 * 1024, OutputTypes.All);
        var piece = new byte[ReplayBuffer.MaxItemBytes];
        var sent = new List<(byte Mark, ReadOnlyMemory<byte> Bytes)>();
        for (byte mark = 1; mark < 200; mark++)
        {
            Array.Fill(piece, mark);
            buffer.TryAppend(Out, piece).Should().BeTrue();
            if (mark % 40 == 0)
            {
                while (buffer.TryTake(out _, out _, out var bytes))
                {
                    sent.Add((bytes.Span[0], bytes));
                }
            }
        }

        buffer.Rewind();
        buffer.SendFrom(Out, 10 * piece.Length);

        sent.Should().HaveCountGreaterThan(10);
        sent.Select(item => item.Bytes.Span[0]).Should().Equal(sent.Select(item => item.Mark));
    }
}
