using System.Diagnostics;
using System.Globalization;
using FluentAssertions;
using Relay.Tests.Faults;
using Relay.Tests.TestKit;
using Xunit;
using Xunit.Abstractions;

namespace Relay.Tests.Abuse;

/// <summary>Many readers that take nothing, beside a few that take everything.</summary>
[Collection(Alone.Name)]
public sealed class StuckBesideFastTests(ITestOutputHelper output)
{
    private const long Allowed = 150L << 20;
    private const int Fast = 10;
    private static readonly int Stuck = FaultRun.Size(60, 500);
    private static readonly long Size = FaultRun.Size(32, 256) * 1024L * 1024;
    private static readonly TimeSpan Long = TimeSpan.FromMinutes(FaultRun.Size(2, 10));

    [Fact]
    public async Task Readers_that_take_nothing_cost_little_and_hold_up_none_of_those_beside_them()
    {
        var started = Stopwatch.GetTimestamp();
        await using var relay = await MeasuredRelay.StartAsync([.. StalledCrowd.Patience]);
        await using var log = new MarkedLog(relay.BaseAddress, await relay.Api.CreateSession());
        await log.WriteAsync(16L << 20);
        var fast = await ReadersAsync(relay, log, Fast);
        var reading = fast.ConvertAll(reader => reader.ReadAsync());
        var before = await relay.HeapAsync();
        var stuck = await ReadersAsync(relay, log, Stuck);

        await log.WriteAsync(Size);
        var added = await relay.HeapAsync() - before;
        await Eventually.Done(log.CompleteAsync(), "the log is complete", Long);
        await Eventually.Done(Task.WhenAll(reading), "the fast readers have everything", Long);

        fast.Should().OnlyContain(reader => reader.HasAll);
        added.Should().BeLessThan(Allowed);
        fast.Concat(stuck).ToList().ForEach(reader => reader.Dispose());
        FaultRun.ReportAttack(
            output,
            "stuck readers beside fast ones",
            string.Create(CultureInfo.InvariantCulture, $"{Stuck} beside {Fast}, {Size >> 20} MiB"),
            string.Create(CultureInfo.InvariantCulture, $"{added >> 20} MiB of memory in use more; the fast ones got every byte"),
            started);
    }

    private static async Task<List<StalledReader>> ReadersAsync(MeasuredRelay relay, MarkedLog log, int count)
    {
        var readers = new List<StalledReader>();
        for (var i = 0; i < count; i++)
        {
            readers.Add(await Eventually.Done(StalledReader.StartAsync(relay.Api, log, StalledReader.Kinds[i % StalledReader.Kinds.Length]), "a reader begins"));
        }

        return readers;
    }
}
