using System.Collections.Concurrent;
using System.Diagnostics;
using FluentAssertions;
using Relay.Server.Storage;
using Xunit;
using Xunit.Abstractions;

namespace Relay.Tests.Faults.Model;

/// <summary>All promises about a log at once: random histories against a plain model.</summary>
public sealed class HistoryTests(ITestOutputHelper output)
{
    [Fact]
    public async Task Random_histories_of_writers_readers_crashes_trims_and_deletions_keep_every_promise()
    {
        var started = Stopwatch.GetTimestamp();
        var histories = FaultRun.Size(10_000, 1_000_000);
        var taken = new ConcurrentDictionary<string, int>(StringComparer.Ordinal);
        await Seeds.ForEachInParallel(histories, seed => Run(seed, new HistoryKind(Steps: 100), taken));
        if (!Seeds.IsReplay)
        {
            taken.Keys.Should().BeEquivalentTo(History.Kinds, "what never happens in them is not proven by them");
        }

        FaultRun.Report(output, "random histories against a plain model", $"{histories:N0} histories", "no promise broken", started);
    }

    [Theory]
    [InlineData("Interval")]
    [InlineData("Group")]
    [InlineData("Os")]
    public async Task Power_loss_takes_no_durable_byte_a_live_writer_refills_the_rest_and_readers_learn_where_history_diverged(string policy)
    {
        var started = Stopwatch.GetTimestamp();
        var seeds = FaultRun.Size(500, 100_000) / 3;
        await Seeds.ForEachInParallel(seeds, seed => Run(seed, new HistoryKind(Steps: 150, Enum.Parse<FsyncPolicy>(policy), OnlyPowerLoss: true), []));
        FaultRun.Report(output, $"power loss, fsync {policy}", $"{seeds:N0} seeds", "0 durable bytes lost", started);
    }

    private static async Task Run(int seed, HistoryKind kind, ConcurrentDictionary<string, int> taken)
    {
        await using var history = new History(seed, kind);
        await history.RunAsync();
        foreach (var (step, count) in history.Taken)
        {
            taken.AddOrUpdate(step, count, (_, before) => before + count);
        }
    }
}
