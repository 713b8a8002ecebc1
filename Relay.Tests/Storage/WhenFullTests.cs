using FluentAssertions;
using Relay.Contracts;
using Relay.Server.Storage;
using Relay.Server.Storage.Embedded;
using Relay.Tests.TestKit;
using Xunit;

namespace Relay.Tests.Storage;

/// <summary><c>Storage:WhenFull=Refuse</c>: nothing is removed, what would go beyond is refused, and the count is right whatever happened before.</summary>
public sealed class WhenFullTests
{
    private const int Page = SegmentHeader.PageSize;
    private static readonly TimeSpan Ttl = TimeSpan.FromHours(1);

    [Fact]
    public async Task A_session_takes_what_fits_to_the_byte_and_no_more()
    {
        await using var disk = Refusing(options => options.MaxSessionBytes = 300_000);
        var log = (EmbeddedSessionLog)await disk.Store.NewSession();
        var lease = await log.Lease();
        var room = 300_000 - (int)log.StoredBytes;
        while (room > 50_000)
        {
            await log.Write(lease, LogSteps.Noise(10_000, room));
            room = 300_000 - (int)log.StoredBytes;
        }

        // What is left holds one record, and a page where a segment is full.
        var exact = Enumerable.Range(0, room).Reverse().First(count => Fits(log, count, room));
        var refusal = await LogSteps.Refused(() => log.Write(lease, new byte[exact + 1]), RelayErrorCode.StorageFull);
        refusal.Message.Should().Contain("Storage:MaxSessionBytes").And.Contain("300000").And.Contain("Storage:WhenFull");
        refusal.IsRetryable.Should().BeTrue();
        await log.Write(lease, new byte[exact]);

        log.StoredBytes.Should().Be(300_000);
        OnDisk(disk).Should().Be(300_000);
        await LogSteps.Refused(() => log.Write(lease, "x"), RelayErrorCode.StorageFull);
        await disk.Store.MaintainAsync(Ttl, CancellationToken.None);
        log.ReadAll().Gaps.Should().BeEmpty("nothing is removed");
        (await log.Complete(lease)).ExitCode.Should().Be(0, "a job must be able to end");
        (await disk.Store.NewSession("other")).Should().NotBeNull();
        await (await disk.Session("other")).Write(await (await disk.Session("other")).Lease(), "another session has room of its own");
    }

    [Fact]
    public async Task An_append_is_stored_whole_or_not_at_all()
    {
        await using var disk = Refusing(options => options.MaxSessionBytes = 200_000);
        var log = (EmbeddedSessionLog)await disk.Store.NewSession();
        var lease = await log.Lease();
        await LogSteps.Refused(() => log.Write(lease, new byte[1_000_000]), RelayErrorCode.StorageFull);

        log.Snapshot()[OutputType.Stdout].Length.Should().Be(0, "not the pieces that would fit either");
        disk.Store.StoredBytes.Should().Be(log.StoredBytes);
        await log.Write(lease, new byte[150_000]);
    }

    [Theory]
    [InlineData(EndReason.Deleted)]
    [InlineData(EndReason.Expired)]
    public async Task The_store_takes_what_fits_in_all_and_a_session_that_goes_makes_room_without_a_restart(EndReason reason)
    {
        await using var disk = Refusing(options => options.MaxTotalBytes = 500_000);
        var (one, other) = (await disk.Store.NewSession("one"), await disk.Store.NewSession("other"));
        var (first, second) = (await one.Lease(), await other.Lease());
        await one.Write(first, new byte[300_000]);
        await other.Write(second, new byte[150_000]);
        var refusal = await LogSteps.Refused(() => other.Write(second, new byte[100_000]), RelayErrorCode.StorageFull);
        refusal.Message.Should().Contain("Storage:MaxTotalBytes").And.Contain("500000");
        using var reader = one.OpenReader(ReadFrom.Start);

        await disk.Store.DeleteAsync(one, reason, unlessHeld: false, CancellationToken.None);

        await other.Write(second, new byte[100_000]);
        other.ReadAll().Bytes().Should().HaveCount(250_000);
        disk.Store.StoredBytes.Should().Be(((EmbeddedSessionLog)other).StoredBytes);
    }

    [Fact]
    public async Task Many_writers_at_once_do_not_go_beyond_the_total()
    {
        await using var disk = Refusing(options => options.MaxTotalBytes = 2_000_000);
        var store = disk.Store;
        List<(ISessionLog Log, WriterLease Lease)> writers = [];
        for (var i = 0; i < 8; i++)
        {
            var log = await store.NewSession($"s{i}");
            writers.Add((log, await log.Lease()));
        }

        await Parallel.ForAsync(0, 8, async (i, _) =>
        {
            var (log, lease) = writers[i];
            try
            {
                while (true)
                {
                    await log.Write(lease, new byte[1 + (i * 777)]);
                }
            }
            catch (RelayException e) when (e.Code == RelayErrorCode.StorageFull)
            {
                // Full.
            }
        });

        disk.Store.StoredBytes.Should().BeInRange(1_990_000, 2_000_000).And.Be(OnDisk(disk));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task The_count_survives_a_restart_and_an_unclean_one(bool cleanly)
    {
        await using var disk = Refusing(options => options.MaxTotalBytes = 400_000);
        var log = await disk.Store.NewSession();
        await log.Write(await log.Lease(), new byte[350_000]);
        var gone = await disk.Store.NewSession("gone");
        await gone.Write(await gone.Lease(), new byte[10_000]);
        await disk.Store.DeleteAsync(gone, EndReason.Deleted, unlessHeld: false, CancellationToken.None);
        await log.MakeDurable();
        var before = disk.Store.StoredBytes;
        if (cleanly)
        {
            await disk.StopAsync();
        }
        else
        {
            await disk.KillAsync();
        }

        disk.Store.StoredBytes.Should().BeInRange(before, before + 1000, "a lease given back at the stop is noted").And.Be(OnDisk(disk));
        log = await disk.Session();
        await LogSteps.Refused(async () => await log.Write(await log.Lease("next"), new byte[100_000]), RelayErrorCode.StorageFull);
    }

    [Fact]
    public async Task The_count_is_right_after_trims_too()
    {
        await using var disk = new StoreOnDisk(options => (options.SegmentBytes, options.MaxSessionBytes) = (64 * 1024, 200_000));
        foreach (var id in new[] { "a", "b" })
        {
            var log = await disk.Store.NewSession(id);
            var lease = await log.Lease();
            for (var i = 0; i < 200; i++)
            {
                await log.Write(lease, new byte[5000]);
            }

            await log.MakeDurable();
        }

        await disk.Store.MaintainAsync(Ttl, CancellationToken.None);

        disk.Store.StoredBytes.Should().BeLessThan(2 * (200_000 + (2 * 64 * 1024))).And.Be(OnDisk(disk));
    }

    private static StoreOnDisk Refusing(Action<StorageOptions> configure) => new(options =>
    {
        (options.SegmentBytes, options.WhenFull) = (64 * 1024, WhenFull.Refuse);
        configure(options);
    });

    private static long OnDisk(StoreOnDisk disk) =>
        Directory.EnumerateFiles(Path.Combine(disk.Folder, "sessions"), "*.log", SearchOption.AllDirectories).Sum(path => new FileInfo(path).Length);

    /// <summary>Counted by hand: what an append of so many bytes, fewer than two records hold, takes.</summary>
    private static bool Fits(EmbeddedSessionLog log, int count, int room)
    {
        long position = log.Segments()[^1].Length;
        var needed = 0;
        foreach (var piece in new[] { Math.Min(count, RecordHeader.MaxPayload), count - RecordHeader.MaxPayload }.Where(piece => piece > 0))
        {
            if (position + RecordHeader.Size + piece > 64 * 1024)
            {
                needed += Page;
                position = Page;
            }

            needed += RecordHeader.Size + piece;
            position += RecordHeader.Size + piece;
        }

        return needed == room;
    }
}
