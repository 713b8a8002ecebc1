using FluentAssertions;
using Relay.Server.Storage.Embedded;
using Relay.Tests.Storage;
using Relay.Tests.TestKit;
using Xunit;

namespace Relay.Tests.Faults;

/// <summary>The contract, kept by Linux.</summary>
public sealed class LocalFileSystemTests : FileSystemContractTests, IDisposable
{
    private readonly TempFolder _folder = new();

    internal override IFileSystem Files { get; } = new LocalFileSystem();

    internal override string Root => _folder.Path;

    public void Dispose() => _folder.Dispose();

    [TinyDiskFact]
    public void A_full_disk_is_said_by_number_takes_what_fits_and_what_is_there_already()
    {
        using var tiny = new TinyDisk();
        using var file = Files.Open(Path.Combine(tiny.Path, "a"), FileMode.Create, FileAccess.ReadWrite);
        FullDiskContract.Check(file, room: 2 * 1024 * 1024, tiny.MakeRoom);
    }
}

/// <summary>The contract, kept by the simulation.</summary>
public sealed class SimulatedFileSystemTests : FileSystemContractTests
{
    private readonly SimulatedDisk _disk = new();

    public SimulatedFileSystemTests()
    {
        Files = _disk.Mount();
        Files.CreateFolder(Root);
    }

    internal override IFileSystem Files { get; }

    internal override string Root => "/root";

    [Fact]
    public void A_full_disk_is_said_by_number_takes_what_fits_and_what_is_there_already()
    {
        _disk.Capacity = 100_000;
        using var file = Create("a");
        FullDiskContract.Check(file, room: 100_000, () => _disk.Capacity = 1_000_000);
    }
}

internal static class FullDiskContract
{
    public static void Check(IStoreFile file, int room, Action makeRoom)
    {
        var write = () => file.Write(new byte[room + 5000], 0);
        write.Should().Throw<IOException>().Which.HResult.Should().Be(DiskFault.NoSpaceNumber);
        file.Length.Should().BeInRange(room / 2, room, "a part was written before the disk was full");
        var more = () => file.Write([1], file.Length);
        more.Should().Throw<IOException>().Which.HResult.Should().Be(DiskFault.NoSpaceNumber);

        file.Write([7], 10); // Where bytes stand already there is room.
        var back = new byte[1];
        file.Read(back, 10).Should().Be(1);
        back[0].Should().Be(7);

        file.SetLength(room / 2);
        file.Write(new byte[room / 4], room / 2); // What was cut off is given back.
        makeRoom();
        file.Write(new byte[room], room / 2);
    }
}
