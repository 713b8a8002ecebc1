using System.Text;
using FluentAssertions;
using Relay.Server.Storage.Embedded;
using Xunit;

namespace Relay.Tests.Faults;

/// <summary>The simulated disk loses what POSIX allows it to lose, and nothing else.</summary>
public sealed class SimulatedDiskTests
{
    private const int Tries = 200;

    [Fact]
    public void Synced_bytes_under_a_synced_name_survive_every_power_loss_and_later_ones_some()
    {
        var images = AfterPowerLoss((files, _) =>
        {
            using var file = Make(files, "/d/a");
            file.Write(Filled('s', 1000), 0);
            file.Sync();
            files.SyncFolder("/d");
            file.Write(Filled('u', 1000), 1000);
        });

        images.Should().OnlyContain(image => image.ContainsKey("/d/a") && IsFilled(image["/d/a"], 's', 0));
        images.Should().Contain(image => image["/d/a"].Length == 1000).And.Contain(image => image["/d/a"].Length == 2000 && IsFilled(image["/d/a"], 'u', 1000));
    }

    [Fact]
    public void A_write_tears_at_sectors_and_only_there()
    {
        var images = AfterPowerLoss((files, _) =>
        {
            using var file = Make(files, "/d/a");
            file.Write(Filled('s', 4096), 0);
            file.Sync();
            files.SyncFolder("/d");
            file.Write(Filled('u', 4096), 0);
        });

        var sectors = images.SelectMany(image => image["/d/a"].Chunk(SimulatedFile.SectorSize)).ToList();
        sectors.Should().OnlyContain(sector => sector.Length == SimulatedFile.SectorSize && sector.All(b => b == sector[0]));
        images.Should().Contain(image => image["/d/a"].Distinct().Count() == 2, "some tear");
        images.Should().Contain(image => image["/d/a"][0] == 's' && image["/d/a"].Contains((byte)'u'), "in any order");
    }

    [Fact]
    public void A_name_that_was_not_synced_may_be_lost_however_well_its_bytes_were()
    {
        var images = AfterPowerLoss((files, _) =>
        {
            using var file = Make(files, "/d/a");
            file.Write(Filled('s', 10), 0);
            file.Sync();
        });

        images.Should().Contain(image => image.ContainsKey("/d/a")).And.Contain(image => !image.ContainsKey("/d/a"));
    }

    [Fact]
    public void A_renaming_is_seen_whole_or_not_at_all()
    {
        var images = AfterPowerLoss((files, _) =>
        {
            files.CreateFolder("/d");
            files.WriteAllBytes("/d/old", Filled('o', 10), durable: true);
            files.WriteAllBytes("/d/new", Filled('n', 10), durable: true);
            files.SyncFolder("/d");
            files.SyncFolder("/");
            files.MoveFile("/d/new", "/d/old");
        });

        images.Select(image => string.Join(',', image.Select(file => $"{file.Key}={(char)file.Value[0]}"))).Distinct()
            .Should().BeEquivalentTo("/d/new=n,/d/old=o", "/d/old=n");
    }

    [Fact]
    public void A_removal_that_was_not_synced_may_come_back()
    {
        var images = AfterPowerLoss((files, _) =>
        {
            files.CreateFolder("/d");
            files.WriteAllBytes("/d/a", Filled('s', 10), durable: true);
            files.SyncFolder("/d");
            files.SyncFolder("/");
            files.DeleteFile("/d/a");
        });

        images.Should().Contain(image => image.ContainsKey("/d/a")).And.Contain(image => !image.ContainsKey("/d/a"));
    }

    [Fact]
    public void What_a_failed_sync_drops_no_later_sync_brings_back()
    {
        var images = AfterPowerLoss((files, disk) =>
        {
            using var file = Make(files, "/d/a");
            file.Write(Filled('s', 512), 0);
            file.Sync();
            files.SyncFolder("/d");
            file.Write(Filled('u', 512), 512);
            disk.Inject = call => call.Operation == DiskOperation.Sync ? DiskFault.IoError : null;
            var sync = file.Sync;
            sync.Should().Throw<IOException>().Which.HResult.Should().Be(DiskFault.IoErrorNumber);
            disk.Inject = null;
            file.Length.Should().Be(1024, "programs still see it");
            file.Write(Filled('t', 512), 1024);
            file.Sync();
        });

        images.Should().OnlyContain(image => image["/d/a"].Length == 1536 && !image["/d/a"].Contains((byte)'u') && image["/d/a"].Last() == 't');
    }

    [Fact]
    public void A_killed_process_can_do_nothing_any_more_and_what_it_wrote_is_there()
    {
        var disk = new SimulatedDisk();
        var dead = disk.Mount();
        dead.CreateFolder("/d");
        dead.TryLock("/d/lock").Should().NotBeNull();
        using var file = Make(dead, "/d/a");
        file.Write(Filled('w', 10), 0);

        var alive = disk.Mount();

        foreach (var call in new Action[] { () => file.Write([1], 0), () => file.Read(new byte[1], 0), file.Sync, () => dead.DeleteFile("/d/a"), () => Make(dead, "/d/b").Dispose() })
        {
            call.Should().Throw<IOException>();
        }

        Encoding.ASCII.GetString(alive.ReadAllBytes("/d/a")).Should().Be("wwwwwwwwww");
        alive.TryLock("/d/lock").Should().NotBeNull("its locks went with it");
    }

    [Fact]
    public void A_fault_hits_the_call_it_is_meant_for_and_a_short_write_leaves_what_was_done()
    {
        var disk = new SimulatedDisk();
        var files = disk.Mount();
        using var file = Make(files, "/d/a");
        var hit = disk.Calls + 2;
        disk.Inject = call => call.Number == hit ? new DiskFault(DiskFault.NoSpaceNumber, Done: 3) : null;
        file.Write(Filled('a', 10), 0);

        var write = () => file.Write(Filled('b', 10), 10);

        write.Should().Throw<IOException>().Which.HResult.Should().Be(DiskFault.NoSpaceNumber);
        file.Length.Should().Be(13);
        file.Write(Filled('c', 10), 10);
        file.Length.Should().Be(20);
        disk.Used.Should().Be(20);
        files.DeleteFile("/d/a");
        disk.Used.Should().Be(0);
    }

    private static List<IReadOnlyDictionary<string, byte[]>> AfterPowerLoss(Action<IFileSystem, SimulatedDisk> run) =>
        [.. Enumerable.Range(1, Tries).Select(seed =>
        {
            var disk = new SimulatedDisk();
            run(disk.Mount(), disk);
            disk.LosePower(new Random(seed));
            return disk.Files();
        })];

    private static IStoreFile Make(IFileSystem files, string path)
    {
        files.CreateFolder(Path.GetDirectoryName(path)!);
        files.SyncFolder("/");
        return files.Open(path, FileMode.Create, FileAccess.ReadWrite);
    }

    private static bool IsFilled(byte[] bytes, char with, int from) => bytes.Length >= from + 1000 && bytes.Skip(from).Take(1000).All(b => b == with);

    private static byte[] Filled(char with, int count)
    {
        var bytes = new byte[count];
        Array.Fill(bytes, (byte)with);
        return bytes;
    }
}
