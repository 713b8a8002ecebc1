using System.Diagnostics;
using System.Globalization;
using FluentAssertions;
using Relay.Tests.TestKit;
using Xunit;
using Xunit.Abstractions;

namespace Relay.Tests.Faults;

/// <summary>Readers of every kind that stop through a long run: what they cost the relay, that they slow nobody, and that they get everything later.</summary>
[Collection(Alone.Name)]
public sealed class StalledReadersTests(ITestOutputHelper output)
{
    private const long Allowed = 300 * 1024;
    // Pools of the relay grow and shrink by megabytes meanwhile: among few readers that would be a large part of each.
    private static readonly int EachKind = FaultRun.Size(16, 125);
    private static readonly long Size = FaultRun.Size(128, 1024) * 1024L * 1024;
    private static readonly TimeSpan Long = TimeSpan.FromMinutes(FaultRun.Size(2, 10));

    // Each of 500 readers has all of 1 GiB behind it: as many as can in this time read it to the end, in turn.
    private static readonly TimeSpan CatchUp = TimeSpan.FromMinutes(FaultRun.Size(2, 5));

    private static readonly string[] Settings = [.. StalledCrowd.Patience, "--Storage:Fsync", "Group", "--Serilog:MinimumLevel:Default", "Warning"];

    [Fact]
    public async Task Readers_that_stall_through_a_long_run_cost_300_KiB_each_slow_nobody_and_get_everything_later()
    {
        var started = Stopwatch.GetTimestamp();
        await using var relay = await MeasuredRelay.StartAsync(Settings);
        await using var log = new MarkedLog(relay.BaseAddress, await relay.Api.CreateSession());
        using var beside = await StalledReader.StartAsync(relay.Api, log, "http");
        var unaffected = beside.ReadAsync();
        using var stalled = new StalledCrowd(relay, log);
        await stalled.WarmUpAsync();
        var resident = relay.Resident();
        var costs = await stalled.CostsAsync(EachKind);

        await log.WriteAsync(Math.Max(0, Size - log.Bytes));
        (await relay.Api.Status(log.Session))!.Readers.Should().Be(stalled.Readers.Count + 1);
        var residentEach = (relay.Resident() - resident) / (EachKind * costs.Count);
        var figures = StalledCrowd.InKiB(costs);
        output.WriteLine($"KiB each: {figures}; of the whole process {residentEach >> 10}");
        costs.Values.Average().Should().BeLessThan(Allowed, figures);
        if (FaultRun.IsFull)
        {
            costs.Values.Should().AllSatisfy(cost => cost.Should().BeLessThan(Allowed), figures); // Of few readers, what the pools do meanwhile is too large a part.
        }

        (await Eventually.Done(log.CompleteAsync(), "the log is complete", Long)).IsVerified.Should().BeTrue();
        await Eventually.Done(unaffected, "the reader beside them gets everything", Long);
        beside.HasAll.Should().BeTrue();

        await stalled.GoOnAsync(Long);

        var began = Stopwatch.GetTimestamp();
        var whole = 0;
        var inTurn = stalled.Readers.GroupBy(reader => reader.Kind).SelectMany(kind => kind.Select((reader, turn) => (reader, turn))).OrderBy(entry => entry.turn).Select(entry => entry.reader);
        foreach (var reader in inTurn.TakeWhile(_ => Stopwatch.GetElapsedTime(began) < CatchUp))
        {
            await Eventually.Done(reader.ReadAsync(), $"a reader by {reader.Kind} catches up", Long);
            reader.HasAll.Should().BeTrue(reader.Kind);
            whole++;
        }

        FaultRun.Report(
            output,
            "a reader stalls through the run",
            string.Create(CultureInfo.InvariantCulture, $"{stalled.Readers.Count} readers, {Size >> 20} MiB"),
            string.Create(CultureInfo.InvariantCulture, $"KiB each: {figures}; all read on without a hole, {whole} of them to the end: every byte"),
            started);
    }
}
