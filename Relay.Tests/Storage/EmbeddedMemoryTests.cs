using FluentAssertions;
using Relay.Server.Storage;
using Relay.Tests.TestKit;
using Xunit;

namespace Relay.Tests.Storage;

/// <summary>Design 7: at most 2 KB for an idle session. Alone, for the whole heap is measured.</summary>
[Collection(Alone.Name)]
public sealed class EmbeddedMemoryTests
{
    private const int Sessions = 2000;
    private const int Limit = 2048;

    [Fact]
    public async Task An_idle_session_costs_at_most_2_KiB_of_memory()
    {
        // The process is not this test's alone: what others let go of meanwhile shows in one of the three, not in the median.
        var each = new List<double>();
        for (var i = 0; i < 3; i++)
        {
            each.Add(await Measure());
        }

        each.Order().ElementAt(1).Should().BeInRange(200, Limit);
    }

    private static async Task<double> Measure()
    {
        await using var disk = new StoreOnDisk(options => options.Fsync = FsyncPolicy.Os);
        await Make(disk, 0, 20);
        var before = await UsedAtRest();

        await Make(disk, 20, Sessions);
        var each = (await UsedAtRest() - before) / (double)Sessions;

        (await disk.Store.ListAsync(CancellationToken.None)).Should().HaveCount(Sessions + 20);
        return each;
    }

    private static async Task Make(StoreOnDisk disk, int from, int count)
    {
        for (var i = from; i < from + count; i++)
        {
            var log = await disk.Store.NewSession($"session-{i:D6}");
            var lease = await log.Lease($"run-of-{i:D6}");
            await log.Write(lease, "one line\n");
            await log.Leave(lease);
        }

        disk.Time.Advance(TimeSpan.FromMinutes(5));
        await disk.Store.MaintainAsync(TimeSpan.FromHours(1), CancellationToken.None);
    }

    /// <summary>What earlier tests left behind (pooled buffers, connections that still close) goes bit by bit: measured is only once nothing moves any more.</summary>
    private static async Task<long> UsedAtRest()
    {
        var used = new List<long> { Used() };
        await Eventually.True(
            () =>
            {
                used.Add(Used());
                return used.Count > 5 && used.TakeLast(5).Max() - used.TakeLast(5).Min() < 32 * 1024;
            },
            "the heap is at rest",
            TimeSpan.FromMinutes(1));
        return used[^1];
    }

    private static long Used()
    {
        GC.Collect(GC.MaxGeneration, GCCollectionMode.Forced, blocking: true, compacting: true);
        GC.WaitForPendingFinalizers();
        return GC.GetTotalMemory(forceFullCollection: true);
    }
}
