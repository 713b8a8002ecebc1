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
    private const long Warm = 16 * 1024 * 1024;
    private const long Enough = 8 * 1024 * 1024; // More than sockets hold.
    private static readonly int EachKind = FaultRun.Size(8, 125);
    private static readonly long Size = FaultRun.Size(128, 1024) * 1024L * 1024;
    private static readonly TimeSpan Long = TimeSpan.FromMinutes(FaultRun.Size(2, 10));

    // Each of 500 readers has all of 1 GiB behind it: as many as can in this time read it to the end, in turn.
    private static readonly TimeSpan CatchUp = TimeSpan.FromMinutes(FaultRun.Size(2, 5));

    // The relay drops who takes nothing: here no reader shall be dropped.
    private static readonly string[] Patient =
    [
        "--Streaming:SendTimeout", "00:10:00", "--Streaming:KeepAliveInterval", "00:01:00", "--Streaming:KeepAliveTimeout", "00:05:00",
        "--Storage:Fsync", "Group", "--Serilog:MinimumLevel:Default", "Warning",
    ];

    [Fact]
    public async Task Readers_that_stall_through_a_long_run_cost_300_KiB_each_slow_nobody_and_get_everything_later()
    {
        var started = Stopwatch.GetTimestamp();
        await using var relay = await MeasuredRelay.StartAsync(Patient);
        await using var log = new MarkedLog(relay.BaseAddress, await relay.Api.CreateSession());
        using var beside = await StalledReader.StartAsync(relay.Api, log, "http");
        var unaffected = beside.ReadAsync();
        var stalled = new List<StalledReader>();
        foreach (var kind in StalledReader.Kinds)
        {
            await StallAsync(kind, 1); // What the first of a kind costs in code and pools is paid once.
        }

        await log.WriteAsync(Warm); // The hot tail and the pools are not the stalled readers'.
        var (resident, costs) = (relay.Resident(), new Dictionary<string, long>(StringComparer.Ordinal));
        foreach (var kind in StalledReader.Kinds)
        {
            var before = await relay.HeapAsync();
            await StallAsync(kind, EachKind);
            costs[kind] = (await relay.HeapAsync() - before) / EachKind;
        }

        await log.WriteAsync(Math.Max(0, Size - log.Bytes));
        (await relay.Api.Status(log.Session))!.Readers.Should().Be(stalled.Count + 1);
        var residentEach = (relay.Resident() - resident) / (EachKind * costs.Count);
        var figures = string.Join(", ", costs.Select(cost => $"{cost.Key} {cost.Value >> 10}"));
        output.WriteLine($"KiB each: {figures}; of the whole process {residentEach >> 10}");
        costs.Values.Average().Should().BeLessThan(Allowed, figures);
        if (FaultRun.IsFull)
        {
            costs.Values.Should().AllSatisfy(cost => cost.Should().BeLessThan(Allowed), figures); // Of few readers, what the pools do meanwhile is too large a part.
        }

        (await Eventually.Done(log.CompleteAsync(), "the log is complete", Long)).IsVerified.Should().BeTrue();
        await Eventually.Done(unaffected, "the reader beside them gets everything", Long);
        beside.HasAll.Should().BeTrue();

        // All of them go on where they stood.
        foreach (var reader in stalled)
        {
            await Eventually.Done(reader.ReadAsync(3 * MarkedLog.BytesBetweenMarks), $"a reader by {reader.Kind} goes on", Long);
        }

        var began = Stopwatch.GetTimestamp();
        var whole = 0;
        var inTurn = stalled.GroupBy(reader => reader.Kind).SelectMany(kind => kind.Select((reader, turn) => (reader, turn))).OrderBy(entry => entry.turn).Select(entry => entry.reader);
        foreach (var reader in inTurn.TakeWhile(_ => Stopwatch.GetElapsedTime(began) < CatchUp))
        {
            await Eventually.Done(reader.ReadAsync(), $"a reader by {reader.Kind} catches up", Long);
            reader.HasAll.Should().BeTrue(reader.Kind);
            whole++;
        }

        stalled.ForEach(reader => reader.Dispose());
        FaultRun.Report(
            output,
            "a reader stalls through the run",
            string.Create(CultureInfo.InvariantCulture, $"{stalled.Count} readers, {Size >> 20} MiB"),
            string.Create(CultureInfo.InvariantCulture, $"KiB each: {figures}; all read on without a hole, {whole} of them to the end: every byte"),
            started);

        async Task StallAsync(string kind, int readers)
        {
            var windows = new List<Task>();
            for (var i = 0; i < readers; i++)
            {
                var reader = await Eventually.Done(StalledReader.StartAsync(relay.Api, log, kind), $"a reader by {kind} begins");
                stalled.Add(reader);
                await log.WriteAsync(MarkedLog.BytesBetweenMarks); // Each stalls at a place of its own: they share no memory.
                windows.Add(kind == "paced" ? reader.TakeWindowAsync() : Task.CompletedTask);
            }

            await log.WriteAsync(Enough);
            await Eventually.Done(Task.WhenAll(windows), "what was credited comes");
        }
    }
}
