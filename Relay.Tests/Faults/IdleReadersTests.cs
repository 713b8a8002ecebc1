using System.Diagnostics.CodeAnalysis;
using FluentAssertions;
using Relay.Client;
using Relay.Contracts;
using Relay.Tests.TestKit;
using Xunit;
using Xunit.Abstractions;

namespace Relay.Tests.Faults;

/// <summary>What readers cost that have read all there is, and wait.</summary>
[Collection(Alone.Name)]
public sealed class IdleReadersTests(ITestOutputHelper output)
{
    private const int Readers = 220; // Four times that is less than may read a session.
    private const long Allowed = 30 * 1024; // W4 of the benchmarks measures 27, with more of them and after a rest.

    [Fact]
    [SuppressMessage("Reliability", "CA2025", Justification = "The readers are awaited before the client is disposed.")]
    public async Task A_hub_reader_that_waits_costs_30_KiB()
    {
        await using var relay = await MeasuredRelay.StartAsync();
        var session = await relay.Api.CreateSession();
        using var client = new RelayClient(relay.BaseAddress);
        await using var writer = client.OpenWriter(session); // It stays: readers whose writer has left are sent away soon.
        using var enough = new CancellationTokenSource();
        var readers = new List<Task>();

        // The first ones pay for the pools, and how much they leave there is chance: the cheapest of some crowds is what a reader costs.
        await HeapWithMoreAsync();
        var heaps = new List<long> { await HeapWithMoreAsync(), await HeapWithMoreAsync(), await HeapWithMoreAsync() };
        var each = heaps.Zip(heaps.Skip(1), (before, after) => (after - before) / Readers).Min();
        output.WriteLine($"{each} bytes each");
        each.Should().BeLessThan(Allowed);

        await enough.CancelAsync();
        await Eventually.Done(Task.WhenAll(readers), "they leave");

        async Task<long> HeapWithMoreAsync()
        {
            var all = readers.Count + Readers;
            var begun = new List<Task>();
            while (readers.Count < all)
            {
                var first = new TaskCompletionSource();
                begun.Add(first.Task);
                readers.Add(ReadAsync(client, session, first, enough.Token));
            }

            await Eventually.True(async () => (await relay.Api.Status(session))!.Readers == all, "all of them read");
            await writer.WriteAsync(OutputType.Stdout, "A line, and then nothing.\n"u8.ToArray()); // Before its first batch a reader holds less than behind it.
            await Eventually.Done(Task.WhenAll(begun), "the line comes");
            return await relay.HeapAsync();
        }
    }

    private static async Task ReadAsync(RelayClient client, string session, TaskCompletionSource begun, CancellationToken cancellationToken)
    {
        try
        {
            await foreach (var batch in client.ReadBatchesAsync(session, cancellationToken: cancellationToken))
            {
                begun.TrySetResult();
            }
        }
        catch (OperationCanceledException)
        {
            // It had enough.
        }
    }
}
