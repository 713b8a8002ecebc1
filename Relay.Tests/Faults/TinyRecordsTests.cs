using System.Diagnostics;
using System.Globalization;
using FluentAssertions;
using Microsoft.Extensions.DependencyInjection;
using Relay.Client;
using Relay.Contracts;
using Relay.Server.Sessions;
using Relay.Tests.Storage;
using Relay.Tests.TestKit;
using Xunit;
using Xunit.Abstractions;

namespace Relay.Tests.Faults;

/// <summary>A consumer that stops in a log of one byte a record, where what stands around the bytes is a hundred times the bytes.</summary>
[Collection(Alone.Name)] // For its rate.
public sealed class TinyRecordsTests(ITestOutputHelper output)
{
    private const double Allowed = 8 * 1024 * 1024;
    private static readonly int Records = FaultRun.Size(200_000, 2_000_000);

    [Fact]
    public async Task A_consumer_that_stops_among_tiny_records_keeps_its_memory_and_then_gets_everything()
    {
        var started = Stopwatch.GetTimestamp();
        var figures = await OwnProcess.MeasureAsync(GrowthAndRate);
        var (grown, rate) = (figures[0], figures[1]);

        grown.Should().BeLessThan(Allowed);
        FaultRun.Report(
            output,
            "a consumer stops reading: .NET, 1-byte records",
            string.Create(CultureInfo.InvariantCulture, $"{Records} records"),
            string.Create(CultureInfo.InvariantCulture, $"{grown / 1048576.0:0.0} MiB more, then every byte, {rate / 1000:0} thousand a second"),
            started);
    }

    private static async Task<double[]> GrowthAndRate()
    {
        await using var relay = await RelayHost.StartAsync();
        var session = await relay.Api.CreateSession();
        var log = (await relay.Services.GetRequiredService<SessionRegistry>().GetAsync(session, CancellationToken.None)).Log;
        var lease = await log.Lease();
        var one = new[] { (byte)'.' };
        for (var i = 0; i < Records; i++)
        {
            await log.AppendAsync(lease, OutputType.Stdout, i, one, CancellationToken.None);
        }

        using var client = new RelayClient(relay.BaseAddress);
        await using var read = client.ReadBatchesAsync(session, new ReadOptions { Follow = false }).GetAsyncEnumerator();
        var before = GC.GetTotalMemory(forceFullCollection: true);
        (await Eventually.Done(read.MoveNextAsync().AsTask(), "a batch comes")).Should().BeTrue();
        var grown = await SettledAsync() - before;

        var began = Stopwatch.GetTimestamp();
        long next = 0;
        do
        {
            foreach (var entry in read.Current.Entries)
            {
                if (entry.Kind != LogEntryKind.End && (entry.Offset != next++ || entry.Data.Length != 1))
                {
                    Assert.Fail($"{next - 1} is followed by {entry}.");
                }
            }
        }
        while (await Eventually.Done(read.MoveNextAsync().AsTask(), "another batch comes"));

        next.Should().Be(Records);
        return [grown, Records / Stopwatch.GetElapsedTime(began).TotalSeconds];
    }

    private static async Task<long> SettledAsync()
    {
        var (last, same) = (0L, 0);
        await Eventually.True(
            () =>
            {
                var now = GC.GetTotalMemory(forceFullCollection: true);
                same = Math.Abs(now - last) < 64 * 1024 ? same + 1 : 0;
                last = now;
                return same >= 10;
            },
            "the batches that were asked for are there");
        return last;
    }
}
