using FluentAssertions;
using Microsoft.AspNetCore.SignalR.Protocol;
using Relay.Client;
using Relay.Client.Connections;
using Relay.Contracts;
using Relay.Tests.TestKit;
using Xunit;

namespace Relay.Tests.Faults;

/// <summary>A relay that floods and lies costs a .NET reader little memory and one clear failure, after which it tries again.</summary>
public sealed class LyingRelayReaderTests
{
    private const double Allowed = 8 * 1024 * 1024;
    private const long Endless = long.MaxValue; // The relay stops when the client hangs up, and not before.
    private static readonly long Flood = FaultRun.Size(128, 1024) * 1024L * 1024;
    private static readonly byte[] Chunk = new byte[64 * 1024];

    [Fact]
    public Task Batches_that_were_not_asked_for_end_the_connection() => StaysSmall(UnaskedBatches);

    [Fact]
    public Task A_message_of_2_GB_is_refused_when_it_is_announced() => StaysSmall(MessageOf2GB);

    [Fact]
    public Task Messages_that_take_a_hundred_times_their_length_in_memory_are_refused() =>
        // The one batch that the consumer has in its hands.
        StaysSmall(SwellingMessages, ReceiveGuard.MaxWaitingBytes);

    [Fact]
    public Task An_answer_to_the_handshake_that_does_not_end_is_refused() => StaysSmall(EndlessHandshake);

    [Fact]
    public Task Presence_beyond_what_a_listener_takes_is_left_out() => StaysSmall(FloodOfPresence);

    private static async Task StaysSmall(Func<Task<double[]>> grown, double allowed = Allowed) =>
        (await OwnProcess.MeasureAsync(grown)).Should().ContainSingle().Which.Should().BeLessThan(allowed);

    private static Task<double[]> UnaskedBatches() => Refused(
        "*the relay sent more than it was asked for*",
        async hub => await hub.FloodAsync(Batch(await ReadAsync(hub), 48 * 1024), Endless));

    private static Task<double[]> MessageOf2GB() => Refused(
        "*A hub message of 2147483647 bytes is announced; at most * are taken.",
        async hub =>
        {
            await ReadAsync(hub);
            await hub.SendAsync(new byte[] { 0xff, 0xff, 0xff, 0xff, 0x07 });
            await hub.FloodAsync(Chunk, Endless);
        });

    private static Task<double[]> SwellingMessages() => Refused(
        "*the relay sent items that take more than * bytes of memory*",
        async hub => await hub.FloodAsync(EmptyEntries(await ReadAsync(hub)), Endless));

    private static Task<double[]> EndlessHandshake() => Refused(
        "*the answer to the handshake is longer than * bytes*",
        hub => hub.FloodAsync(Chunk.Select(_ => (byte)' ').ToArray(), Endless));

    private static async Task<double[]> FloodOfPresence()
    {
        var entered = new SemaphoreSlim(0);
        using var leave = new ManualResetEventSlim();
        var heard = 0;
        var flooded = new TaskCompletionSource();
        await using var relay = await LyingRelay.StartAsync(async hub =>
        {
            var id = await ReadAsync(hub);
            var happened = LyingHub.BytesOf(new InvocationMessage(HubRoutes.Presence, [new PresenceEvent { Kind = PresenceKind.WriterLost, Session = new string('s', 200) }]));
            var many = Enumerable.Repeat(happened, 200).SelectMany(it => it).ToArray();
            await hub.FloodAsync(many, Flood);
            await hub.SendAsync(Batch(id, 1));
            flooded.TrySetResult();
            await hub.SwallowAsync();
        });
        using var client = new RelayClient(relay.Url);
        var options = new ReadOptions
        {
            OnPresence = _ =>
            {
                Interlocked.Increment(ref heard);
                entered.Release();
                leave.Wait();
            },
        };
        await using var read = client.ReadBatchesAsync("s", options).GetAsyncEnumerator();
        var first = read.MoveNextAsync().AsTask();
        await Eventually.Done(entered.WaitAsync(), "the listener is called");
        var before = GC.GetTotalMemory(forceFullCollection: true);
        (await Eventually.Done(first, "the read goes on beside a listener that does not return", TimeSpan.FromMinutes(5))).Should().BeTrue();
        var grown = GC.GetTotalMemory(forceFullCollection: true) - before;
        leave.Set();
        await Eventually.True(() => Volatile.Read(ref heard) > 1, "the events that waited are heard");
        heard.Should().BeLessThanOrEqualTo(ReceiveGuard.MaxPresenceEvents + 1);
        return [grown];
    }

    private static async Task<double[]> Refused(string words, Func<LyingHub, Task> worst)
    {
        await RefusedOnce(words, worst); // What the first costs in code and pools, those of the lying relay among them, is paid once.
        return [await RefusedOnce(words, worst)];
    }

    /// <summary>A consumer takes what comes first and stops; the relay does its worst. Then the consumer reads on, and is told.</summary>
    private static async Task<double> RefusedOnce(string words, Func<LyingHub, Task> worst)
    {
        var over = new TaskCompletionSource();
        await using var relay = await LyingRelay.StartAsync(async hub =>
        {
            try
            {
                await worst(hub);
            }
            finally
            {
                over.TrySetResult();
            }
        });
        using var client = new RelayClient(relay.Url);
        var told = new TaskCompletionSource<ConnectionChange>();
        var options = new ReadOptions
        {
            OnConnectionChange = change => _ = change.State == ConnectionState.Disconnected && told.TrySetResult(change),
        };
        using var enough = new CancellationTokenSource();
        await using var read = client.ReadBatchesAsync("s", options, enough.Token).GetAsyncEnumerator();
        var before = GC.GetTotalMemory(forceFullCollection: true);
        var next = read.MoveNextAsync().AsTask();

        await Eventually.Done(over.Task, "the client hangs up");
        var grown = GC.GetTotalMemory(forceFullCollection: true) - before;
        var change = await Eventually.Done(UntilTold(), "the reader is told why");
        await enough.CancelAsync();
        await next.Awaiting(it => it).Should().ThrowAsync<OperationCanceledException>();
        change.Reason!.Code.Should().Be(RelayErrorCode.ConnectionLost, "another attempt may find a better relay");
        change.Reason.Message.Should().Match(words);
        change.RetryIn!.Value.Should().BePositive();
        return grown;

        async Task<ConnectionChange> UntilTold()
        {
            while (!told.Task.IsCompleted)
            {
                await Task.WhenAny(next, told.Task);
                next = next.IsCompleted && !told.Task.IsCompleted ? read.MoveNextAsync().AsTask() : next;
            }

            // What is under way when the test ends must be over before the read can be left.
            next = next.IsCompleted ? read.MoveNextAsync().AsTask() : next;
            return await told.Task;
        }
    }

    private static async Task<string> ReadAsync(LyingHub hub)
    {
        await hub.GreetAsync();
        return (await hub.InvokedAsync(HubRoutes.ReadPaced)).InvocationId!;
    }

    private static byte[] Batch(string stream, int bytes) => LyingHub.BytesOf(new StreamItemMessage(stream, new LogBatch
    {
        Cursor = "c",
        Entries = [new LogEntry { Kind = LogEntryKind.Data, Output = OutputType.Stdout, Sequence = 1, Data = new byte[bytes] }],
    }));

    /// <summary>A batch of a million entries without fields: a byte each.</summary>
    private static byte[] EmptyEntries(string stream)
    {
        const int count = 1024 * 1024;
        byte[] head = [0x94, 0x02, 0x80, (byte)(0xa0 | stream.Length), .. System.Text.Encoding.ASCII.GetBytes(stream), 0x92, 0xa1, (byte)'c', 0xdd, 0x00, 0x10, 0x00, 0x00];
        var length = head.Length + count;
        byte[] prefix = [(byte)(length | 0x80), (byte)((length >> 7) | 0x80), (byte)(length >> 14)];
        return [.. prefix, .. head, .. Enumerable.Repeat((byte)0x90, count)];
    }
}
