using System.Collections.Concurrent;
using FluentAssertions;
using Relay.Client;
using Relay.Contracts;
using Relay.Tests.TestKit;
using Xunit;

namespace Relay.Tests.Client;

/// <summary>What reader and writer do while nothing listens.</summary>
public sealed class OfflineTests
{
    private static readonly RelayClientOptions Nowhere = new()
    {
        Url = new Uri("http://127.0.0.1:1"),
        FirstRetryDelay = TimeSpan.FromMilliseconds(5),
        MaxRetryDelay = TimeSpan.FromMilliseconds(5),
    };

    [Fact]
    public async Task A_reader_tells_each_failed_attempt_and_gives_up_when_told_to()
    {
        var time = new FakeTime();
        using var client = new RelayClient(Nowhere with { TimeProvider = time });
        var changes = new ConcurrentQueue<ConnectionChange>();
        var options = new ReadOptions { FirstConnectTimeout = TimeSpan.FromHours(1), OnConnectionChange = changes.Enqueue };
        var reading = client.ReadAsync("s", options).GetAsyncEnumerator().MoveNextAsync().AsTask();

        // The time of a retry delay, again and again: nothing tells when the reader waits for it.
        await Eventually.True(() => PassesUntil(changes.Count >= 3), "it tries again");
        time.Advance(TimeSpan.FromHours(1));
        await Eventually.True(() => PassesUntil(reading.IsCompleted), "it gives up");

        (await reading.Awaiting(task => task).Should().ThrowAsync<RelayException>()).Which.Code.Should().Be(RelayErrorCode.ConnectionLost);
        changes.Should().HaveCountGreaterThan(1).And.OnlyContain(change => change.State == ConnectionState.Disconnected && change.RetryIn > TimeSpan.Zero);

        bool PassesUntil(bool reached)
        {
            time.Advance(Nowhere.MaxRetryDelay);
            return reached;
        }
    }

    [Fact]
    public async Task A_reader_can_be_cancelled()
    {
        using var client = new RelayClient(Nowhere);
        using var cancel = new CancellationTokenSource();
        var reading = client.ReadAsync("s", cancellationToken: cancel.Token).GetAsyncEnumerator().MoveNextAsync().AsTask();
        await cancel.CancelAsync();
        await reading.Awaiting(task => task).Should().ThrowAsync<OperationCanceledException>();
    }

    [Fact]
    public async Task A_writer_takes_what_its_buffer_holds_and_then_waits()
    {
        using var client = new RelayClient(Nowhere);
        await using var writer = client.OpenWriter("s", new WriterOptions { ReplayBufferBytes = 256 * 1024 });
        await writer.WriteAsync(OutputType.Stdout, new byte[100_000]);
        writer.Progress(OutputType.Stdout).Should().Be(new WriterProgress(100_000, 0, 0));

        using var cancel = new CancellationTokenSource();
        var waiting = writer.WriteAsync(OutputType.Stdout, new byte[400_000], cancel.Token).AsTask();
        waiting.IsCompleted.Should().BeFalse();
        await cancel.CancelAsync();
        await waiting.Awaiting(task => task).Should().ThrowAsync<OperationCanceledException>();
    }

    [Fact]
    public async Task A_disposed_writer_takes_nothing_more_and_lets_go_of_those_who_wait()
    {
        using var client = new RelayClient(Nowhere);
        var writer = client.OpenWriter("s");
        await writer.WriteAsync(OutputType.Stdout, new byte[10]);
        var flush = writer.FlushAsync();
        await writer.DisposeAsync();

        await flush.Awaiting(task => task).Should().ThrowAsync<RelayException>();
        await writer.Awaiting(it => it.WriteAsync(OutputType.Stdout, new byte[1]).AsTask()).Should().ThrowAsync<Exception>();
    }

    [Fact]
    public async Task A_writer_refuses_an_output_it_does_not_lease()
    {
        using var client = new RelayClient(Nowhere);
        await using var writer = client.OpenWriter("s", new WriterOptions { Outputs = [OutputType.Stdout] });
        await writer.Awaiting(it => it.WriteAsync(OutputType.Stderr, new byte[1]).AsTask()).Should().ThrowAsync<ArgumentException>();
    }
}
