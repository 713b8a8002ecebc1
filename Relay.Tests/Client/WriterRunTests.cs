using FluentAssertions;
using Relay.Client;
using Relay.Client.Writing;
using Relay.Contracts;
using Relay.Tests.TestKit;
using Xunit;

namespace Relay.Tests.Client;

public sealed class WriterRunTests
{
    private readonly WriterRun _run = new(new ReplayBuffer(1024 * 1024, OutputTypes.All), WhenFull.Block, TimeProvider.System);

    [Fact]
    public async Task Nothing_is_sent_before_the_grant()
    {
        await WriteAsync("abc");
        var next = _run.NextItemAsync(CancellationToken.None).AsTask();
        next.IsCompleted.Should().BeFalse();

        Grant(writtenTo: 100, stored: 0);
        (await next)!.Offset.Should().Be(100, "another run's bytes lie below");
    }

    [Fact]
    public async Task After_a_reconnect_everything_behind_the_stored_bytes_is_sent_again_at_its_new_offset()
    {
        Grant(writtenTo: 0, stored: 0);
        await WriteAsync("abcdef");
        await TakeAsync();
        _run.Disconnected();

        Grant(writtenTo: 50, stored: 2);
        var item = await TakeAsync();
        item.Offset.Should().Be(50);
        Text(item).Should().Be("cdef");
    }

    [Fact]
    public async Task The_window_holds_back_items_until_they_are_acknowledged()
    {
        Grant(writtenTo: 0, stored: 0, window: 1);
        await WriteAsync("a");
        await TakeAsync();
        await WriteAsync("b");
        var next = _run.NextItemAsync(CancellationToken.None).AsTask();
        next.IsCompleted.Should().BeFalse();

        Acknowledge(writtenTo: 1, durableTo: 0);
        Text((await next)!).Should().Be("b");
    }

    [Fact]
    public async Task Bytes_that_a_relay_lost_after_it_called_them_durable_become_a_gap()
    {
        Grant(writtenTo: 0, stored: 0);
        await WriteAsync("abc");
        await TakeAsync();
        Acknowledge(writtenTo: 3, durableTo: 3);
        _run.Disconnected();

        Grant(writtenTo: 10, stored: 1);
        var gap = await TakeAsync();
        (gap.Kind, gap.Offset, gap.Length).Should().Be((WriteItemKind.Gap, 10L, 2L));

        await WriteAsync("d");
        (await TakeAsync()).Offset.Should().Be(12);
    }

    [Fact]
    public async Task A_flush_ends_when_what_was_written_before_it_is_durable()
    {
        Grant(writtenTo: 0, stored: 0);
        await WriteAsync("abc");
        await TakeAsync();
        var flush = _run.FlushAsync(CancellationToken.None);
        await WriteAsync("more");

        Acknowledge(writtenTo: 3, durableTo: 0);
        flush.IsCompleted.Should().BeFalse();
        Acknowledge(writtenTo: 3, durableTo: 3);
        await flush.WaitAsync(TimeSpan.FromSeconds(5));
    }

    [Fact]
    public async Task The_completion_comes_last_and_again_after_a_reconnect()
    {
        Grant(writtenTo: 0, stored: 0);
        await WriteAsync("123456789");
        var completing = _run.CompleteAsync(7, CancellationToken.None);
        (await TakeAsync()).Kind.Should().Be(WriteItemKind.Data);
        var complete = await TakeAsync();
        (complete.Kind, complete.ExitCode).Should().Be((WriteItemKind.Complete, 7));
        complete.Totals.Should().Contain(new OutputTotal(OutputType.Stdout, 9, 0xE3069283));
        (await _run.NextItemAsync(CancellationToken.None)).Should().BeNull("the upload is over");
        _run.Disconnected();

        Grant(writtenTo: 9, stored: 9);
        (await TakeAsync()).Kind.Should().Be(WriteItemKind.Complete);
        _run.Acknowledge(new WriteAck
        {
            Kind = WriteAckKind.Completed,
            Outputs = [new OutputProgress { Output = OutputType.Stdout, WrittenTo = 9, DurableTo = 9, Verdict = Verdict.Verified }],
        });
        (await completing).IsVerified.Should().BeTrue();
        _run.IsOver.Should().BeTrue();
    }

    [Fact]
    public async Task A_writer_that_waits_for_room_goes_on_when_bytes_are_durable()
    {
        var small = new WriterRun(new ReplayBuffer(55_000, OutputTypes.All), WhenFull.Block, TimeProvider.System);
        await small.AppendAsync(OutputType.Stdout, new byte[49_152], default, CancellationToken.None);
        var waiting = small.AppendAsync(OutputType.Stderr, new byte[10_000], default, CancellationToken.None).AsTask();
        waiting.IsCompleted.Should().BeFalse();

        small.Acknowledge(GrantOf(0, 0, 16));
        await small.NextItemAsync(CancellationToken.None);
        small.Acknowledge(ProgressOf(49_152, 49_152));
        await waiting.WaitAsync(TimeSpan.FromSeconds(5));
    }

    [Fact]
    public async Task A_writer_that_may_drop_waits_while_the_relay_makes_room_and_drops_when_it_stalls()
    {
        var time = new FakeTime();
        var small = new WriterRun(new ReplayBuffer(55_000, OutputTypes.All), WhenFull.DropOldest, time);
        small.Acknowledge(GrantOf(0, 0, 16));
        await small.AppendAsync(OutputType.Stdout, new byte[49_152], default, CancellationToken.None);
        var waiting = small.AppendAsync(OutputType.Stderr, new byte[10_000], default, CancellationToken.None).AsTask();
        waiting.IsCompleted.Should().BeFalse("the relay has had no time to take anything");
        small.Progress(OutputType.Stdout).Dropped.Should().Be(0);

        await Eventually.True(
            () =>
            {
                time.Advance(TimeSpan.FromSeconds(1));
                return waiting.IsCompleted;
            },
            "it does not wait for a relay that stalls");
        small.Progress(OutputType.Stdout).Dropped.Should().Be(49_152);
    }

    [Fact]
    public async Task A_writer_that_may_drop_does_not_wait_for_a_relay_that_is_away()
    {
        var time = new FakeTime();
        var small = new WriterRun(new ReplayBuffer(55_000, OutputTypes.All), WhenFull.DropOldest, time);
        time.Advance(TimeSpan.FromSeconds(3));
        await small.AppendAsync(OutputType.Stdout, new byte[49_152], default, CancellationToken.None);
        small.AppendAsync(OutputType.Stderr, new byte[10_000], default, CancellationToken.None).AsTask().IsCompleted.Should().BeTrue();
        small.Progress(OutputType.Stdout).Dropped.Should().Be(49_152);
    }

    [Fact]
    public async Task A_fault_reaches_everyone_who_waits_or_writes()
    {
        await WriteAsync("abc");
        var flush = _run.FlushAsync(CancellationToken.None);
        _run.Fail(RelayException.Create(RelayErrorCode.Fenced, "taken over"));

        await flush.Awaiting(task => task).Should().ThrowAsync<WriterRefusedException>().WithMessage("taken over");
        await this.Awaiting(test => test.WriteAsync("x")).Should().ThrowAsync<WriterRefusedException>();
        (await _run.NextItemAsync(CancellationToken.None)).Should().BeNull();
    }

    [Fact]
    public async Task The_upload_of_a_lost_connection_takes_nothing_from_the_next_one()
    {
        using var lost = new CancellationTokenSource();
        var stale = _run.NextItemAsync(lost.Token).AsTask();
        await lost.CancelAsync();
        Grant(writtenTo: 0, stored: 0);
        await WriteAsync("abc");

        await stale.Awaiting(task => task).Should().ThrowAsync<OperationCanceledException>();
        Text(await TakeAsync()).Should().Be("abc");
    }

    private static string Text(WriteItem item) => System.Text.Encoding.UTF8.GetString(item.Data.Span);

    private static WriteAck GrantOf(long writtenTo, long stored, int window) => new()
    {
        Kind = WriteAckKind.Grant,
        Incarnation = 1,
        Window = window,
        Outputs =
        [
            new OutputProgress { Output = OutputType.Stdout, WrittenTo = writtenTo, Stored = stored },
            new OutputProgress { Output = OutputType.Stderr },
        ],
    };

    private static WriteAck ProgressOf(long writtenTo, long durableTo) => new()
    {
        Kind = WriteAckKind.Progress,
        Outputs = [new OutputProgress { Output = OutputType.Stdout, WrittenTo = writtenTo, DurableTo = durableTo }],
    };

    private void Grant(long writtenTo, long stored, int window = 16) => _run.Acknowledge(GrantOf(writtenTo, stored, window));

    private void Acknowledge(long writtenTo, long durableTo) => _run.Acknowledge(ProgressOf(writtenTo, durableTo));

    private async Task WriteAsync(string text) => await _run.AppendAsync(OutputType.Stdout, System.Text.Encoding.UTF8.GetBytes(text), default, CancellationToken.None);

    private async Task<WriteItem> TakeAsync() => (await _run.NextItemAsync(CancellationToken.None).AsTask().WaitAsync(TimeSpan.FromSeconds(5)))!;
}
