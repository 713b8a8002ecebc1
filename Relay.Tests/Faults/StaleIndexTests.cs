using FluentAssertions;
using Relay.Contracts;
using Relay.Server.Storage;
using Relay.Tests.Storage;
using Xunit;

namespace Relay.Tests.Faults;

/// <summary>The index is never synced: a power loss may bring back entries that were cut off with the end of the log.</summary>
public sealed class StaleIndexTests
{
    [Fact]
    public async Task Entries_of_records_that_did_not_survive_mislead_no_search()
    {
        await using var disk = new StoreOnDisk();
        var log = await disk.Store.NewSession();
        var lease = await log.Lease("first");
        var durable = LogSteps.Noise(10_000, seed: 50);
        await log.Write(lease, durable);
        await log.MakeDurable();
        await Write(log, lease, LogSteps.Noise(400_000, seed: 51), 1000);
        var stale = await File.ReadAllBytesAsync(Path.ChangeExtension(disk.Segments()[0], ".idx"));
        stale.Should().NotBeEmpty();
        await disk.KillAsync(() => StoreOnDisk.CutToDurable(disk.Segments()[0]));
        log = await disk.Session();
        var next = LogSteps.Noise(390_000, seed: 52);
        disk.Time.Advance(TimeSpan.FromMinutes(1));
        await Write(log, await log.Lease("second"), next, 1300);
        disk.Segments().Should().ContainSingle();

        await disk.KillAsync(() => File.WriteAllBytes(Path.ChangeExtension(disk.Segments()[0], ".idx"), stale));

        log = await disk.Session();
        byte[] all = [.. durable, .. next];
        for (var from = 0; from < all.Length; from += 17_777)
        {
            var back = log.ReadAll(new ReadFrom.Offset(OutputType.Stdout, from));
            back.Gaps.Should().BeEmpty();
            back.Bytes().AsSpan().SequenceEqual(all.AsSpan(from)).Should().BeTrue($"from {from}");
        }

        var micros = (disk.Time.GetUtcNow() - DateTimeOffset.UnixEpoch).Ticks / TimeSpan.TicksPerMicrosecond;
        log.ReadAll(new ReadFrom.Since(micros)).Bytes().AsSpan().SequenceEqual(next).Should().BeTrue();
        var tail = log.ReadAll(new ReadFrom.LastLines(500, OutputTypes.All)).Bytes();
        tail.AsSpan().SequenceEqual(all.AsSpan(all.Length - tail.Length)).Should().BeTrue();
    }

    private static async Task Write(ISessionLog log, WriterLease lease, byte[] bytes, int each)
    {
        for (var at = 0; at < bytes.Length; at += each)
        {
            await log.Write(lease, bytes[at..(at + each)]);
        }
    }
}
