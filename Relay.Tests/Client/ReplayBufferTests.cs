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
}
