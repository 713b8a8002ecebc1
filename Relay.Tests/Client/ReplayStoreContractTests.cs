using FluentAssertions;
using Relay.Client.Writing;
using Relay.Contracts;
using Xunit;

namespace Relay.Tests.Client;

/// <summary>What holds for every place in which a run keeps its bytes.</summary>
public abstract class ReplayStoreContractTests : IDisposable
{
    protected const OutputType Out = OutputType.Stdout;
    protected const OutputType Err = OutputType.Stderr;

    private readonly IReplayStore _store;

    private protected ReplayStoreContractTests(IReplayStore store) => _store = store;

    public virtual void Dispose()
    {
        _store.Dispose();
        GC.SuppressFinalize(this);
    }

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
        _store.TryAppend(Out, piece).Should().BeTrue();
        _store.TryAppend(Out, new byte[2]).Should().BeTrue();
        _store.TryTake(out _, out _, out var first).Should().BeTrue();
        first.Length.Should().Be(piece.Length);
    }

    [Fact]
    public void After_a_reconnect_sending_goes_on_where_the_relay_stands_even_within_a_chunk()
    {
        Append(Out, "abcd");
        Append(Err, "xy");
        TakeAll();

        _store.Rewind();
        _store.SendFrom(Out, 3);
        _store.SendFrom(Err, 0);
        TakeAll().Should().Equal("stdout@3:d", "stderr@0:xy");
    }

    [Fact]
    public void Totals_run_over_everything_that_was_taken()
    {
        Append(Out, "1234");
        TakeAll();
        _store.Release(Out, 4);
        Append(Out, "56789");
        _store.Total(Out).Should().Be(new OutputTotal(Out, 9, 0xE3069283));
        _store.Total(Err).Should().Be(new OutputTotal(Err, 0, 0));
    }

    [Fact]
    public void What_is_given_up_to_make_room_leaves_a_hole_and_counts_in_the_totals()
    {
        var piece = new byte[ReplayBuffer.MaxItemBytes];
        var taken = 0L;
        for (; _store.TryAppend(Out, piece); taken += piece.Length)
        {
        }

        var given = _store.DropOldest();
        given.Should().ContainSingle().Which.Output.Should().Be(Out);
        _store.TryAppend(Out, piece).Should().BeTrue("there is room again");
        _store.TryTake(out _, out var first, out _).Should().BeTrue();
        first.Should().Be(given!.Single().Bytes);
        _store.Total(Out).Bytes.Should().Be(taken + piece.Length);
    }

    [Fact]
    public void What_is_skipped_leaves_a_hole()
    {
        Append(Out, "1234");
        _store.Skip(Out, "56"u8);
        Append(Out, "789");
        TakeAll().Should().Equal("stdout@0:1234", "stdout@6:789");
        _store.Total(Out).Should().Be(new OutputTotal(Out, 9, 0xE3069283));
    }

    [Fact]
    public void All_is_sent_when_nothing_is_left_that_the_relay_has_not()
    {
        _store.AllSent.Should().BeTrue("nothing was written");
        Append(Out, "ab");
        _store.AllSent.Should().BeFalse();
        TakeAll();
        _store.AllSent.Should().BeTrue();
        _store.Rewind();
        _store.SendFrom(Out, 0);
        _store.AllSent.Should().BeFalse("the new connection is to send it again");
    }

    [Fact]
    public void The_last_checkpoint_is_remembered_by_output()
    {
        _store.Checkpoint(Out).IsEmpty.Should().BeTrue();
        _store.TryAppend(Out, "a"u8, "one"u8).Should().BeTrue();
        _store.TryAppend(Out, "b"u8, "two"u8).Should().BeTrue();
        Append(Out, "c");
        _store.Checkpoint(Out).ToArray().Should().Equal("two"u8.ToArray());
        _store.Checkpoint(Err).IsEmpty.Should().BeTrue();
        TakeAll().Should().Equal("stdout@0:abc");
    }

    private protected void Append(OutputType output, string text) => _store.TryAppend(output, System.Text.Encoding.UTF8.GetBytes(text)).Should().BeTrue();

    private protected List<string> TakeAll() => TakeAll(_store);

    private protected static List<string> TakeAll(IReplayStore store)
    {
        var items = new List<string>();
        while (store.TryTake(out var output, out var position, out var bytes))
        {
            items.Add($"{output.ToName()}@{position}:{System.Text.Encoding.UTF8.GetString(bytes.Span)}");
        }

        return items;
    }
}
