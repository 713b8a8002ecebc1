using FluentAssertions;
using Relay.Server.Storage;
using Relay.Tests.TestKit;
using Xunit;

namespace Relay.Tests.Storage;

/// <summary>At most 2 KB for an idle session.</summary>
public sealed class EmbeddedMemoryTests
{
    private const int Sessions = 2000;
    private const int Limit = 2048;

    [Fact]
    public async Task An_idle_session_costs_at_most_2_KiB_of_memory() =>
        (await OwnProcess.MeasureAsync(BytesPerIdleSession)).Should().ContainSingle().Which.Should().BeInRange(200, Limit);

    private static async Task<double[]> BytesPerIdleSession()
    {
        await using var disk = new StoreOnDisk(options => options.Fsync = FsyncPolicy.Os);
        await Make(disk, 0, 20);
        var before = Used();

        await Make(disk, 20, Sessions);
        var each = (Used() - before) / (double)Sessions;

        (await disk.Store.ListAsync(CancellationToken.None)).Should().HaveCount(Sessions + 20);
        return [each];
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

    private static long Used()
    {
        GC.Collect(GC.MaxGeneration, GCCollectionMode.Forced, blocking: true, compacting: true);
        GC.WaitForPendingFinalizers();
        return GC.GetTotalMemory(forceFullCollection: true);
    }
}
