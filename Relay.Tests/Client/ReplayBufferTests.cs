using FluentAssertions;
using Relay.Client.Writing;
using Relay.Contracts;
using Xunit;

namespace Relay.Tests.Client;

public sealed class ReplayBufferTests
{
    private const OutputType Out = OutputType.Stdout;
    private const OutputType Err = OutputType.Stderr;

    private readonly ReplayBuffer _buffer = new(1024 * 1024, OutputTypes.All);

    [Fact]
    public void Small_neighbouring_writes_of_one_output_travel_together()
    {
        Append(Out, "ab");
        Append(Out, "cd");
        TakeAll().Should().Equal("stdout@0:abcd");
    }

    [Fact]
    public void The_order_between_outputs_is_kept()
    {
        Append(Out, "a");
        Append(Err, "b");
        Append(Out, "c");
        TakeAll().Should().Equal("stdout@0:a", "stderr@0:b", "stdout@1:c");
    }

    [Fact]
    public void What_was_sent_does_not_grow()
    {
        Append(Out, "ab");
        TakeAll().Should().Equal("stdout@0:ab");
        Append(Out, "cd");
        TakeAll().Should().Equal("stdout@2:cd");
    }

    [Fact]
    public void An_item_never_exceeds_its_limit()
    {
        var piece = new byte[ReplayBuffer.MaxItemBytes - 1];
        _buffer.TryAppend(Out, piece).Should().BeTrue();
        _buffer.TryAppend(Out, new byte[2]).Should().BeTrue();
        _buffer.TryTake(out _, out _, out var first).Should().BeTrue();
        first.Length.Should().Be(piece.Length);
    }

    [Fact]
    public void After_a_reconnect_sending_goes_on_where_the_relay_stands_even_within_a_chunk()
    {
        Append(Out, "abcd");
        Append(Err, "xy");
        TakeAll();

        _buffer.Rewind();
        _buffer.SendFrom(Out, 3).Should().Be(0);
        _buffer.SendFrom(Err, 0).Should().Be(0);
        TakeAll().Should().Equal("stdout@3:d", "stderr@0:xy");
    }

    [Fact]
    public void Bytes_that_are_no_longer_held_are_reported_lost()
    {
        Append(Out, "abcd");
        TakeAll();
        _buffer.Release(Out, 4);
        Append(Out, "ef");

        _buffer.Rewind();
        _buffer.SendFrom(Out, 1).Should().Be(3, "positions 1 to 3 were durable once and were given up");
        TakeAll().Should().Equal("stdout@4:ef");
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
        small.HeldFrom(Out).Should().Be(256);
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
    public void Totals_run_over_everything_that_was_taken()
    {
        Append(Out, "1234");
        TakeAll();
        _buffer.Release(Out, 4);
        Append(Out, "56789");
        _buffer.Total(Out).Should().Be(new OutputTotal(Out, 9, 0xE3069283));
        _buffer.Total(Err).Should().Be(new OutputTotal(Err, 0, 0));
    }

    private void Append(OutputType output, string text) => _buffer.TryAppend(output, System.Text.Encoding.UTF8.GetBytes(text)).Should().BeTrue();

    private List<string> TakeAll()
    {
        var items = new List<string>();
        while (_buffer.TryTake(out var output, out var position, out var bytes))
        {
            items.Add($"{output.ToName()}@{position}:{System.Text.Encoding.UTF8.GetString(bytes.Span)}");
        }

        return items;
    }
}
