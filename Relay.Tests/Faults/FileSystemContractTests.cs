using System.Text;
using FluentAssertions;
using Relay.Server.Storage.Embedded;
using Xunit;

namespace Relay.Tests.Faults;

/// <summary>What the store relies on in a file system. Run on the real one and on the simulated one: so what a simulation shows holds for Linux.</summary>
public abstract class FileSystemContractTests
{
    internal abstract IFileSystem Files { get; }

    /// <summary>An existing, empty folder.</summary>
    internal abstract string Root { get; }

    [Fact]
    public void What_was_written_is_read_at_any_place_and_nothing_behind_the_end()
    {
        using var file = Create("a");
        file.Write(Text("0123456789"), 0);
        file.Write(Text("xy"), 4);

        Read(file, 3, 4).Should().Be("3xy6");
        Read(file, 8, 100).Should().Be("89");
        Read(file, 10, 5).Should().BeEmpty();
        Read(file, 10_000, 5).Should().BeEmpty();
        file.Length.Should().Be(10);
        Files.FileLength(At("a")).Should().Be(10);
    }

    [Fact]
    public void A_hole_reads_as_zeros_and_so_does_what_a_longer_length_adds()
    {
        using var file = Create("a");
        file.Write(Text("abcdef"), 0);
        file.SetLength(2);
        file.SetLength(4);
        file.Write(Text("z"), 6);

        Read(file, 0, 10).Should().Be("ab\0\0\0\0z");
    }

    [Fact]
    public void Create_empties_a_file_and_opening_it_does_not()
    {
        Write("a", "content");
        using (var again = Files.Open(At("a"), FileMode.OpenOrCreate, FileAccess.ReadWrite))
        {
            again.Length.Should().Be(7);
        }

        using var other = Files.Open(At("a"), FileMode.Open, FileAccess.Read);
        using var file = Create("a");
        (file.Length, other.Length).Should().Be((0, 0));
        Files.Open(At("b"), FileMode.OpenOrCreate, FileAccess.ReadWrite).Dispose();
        Files.FileExists(At("b")).Should().BeTrue();
    }

    [Fact]
    public void What_is_missing_is_said_by_the_kind_of_failure()
    {
        Throws<FileNotFoundException>(() => Files.Open(At("no"), FileMode.Open, FileAccess.Read));
        Throws<FileNotFoundException>(() => Files.FileLength(At("no")));
        Throws<FileNotFoundException>(() => Files.MoveFile(At("no"), At("a")));
        Throws<DirectoryNotFoundException>(() => Files.Open(At("no/a"), FileMode.Open, FileAccess.Read));
        Throws<DirectoryNotFoundException>(() => Files.Open(At("no/a"), FileMode.Create, FileAccess.ReadWrite));
        Throws<DirectoryNotFoundException>(() => Files.Files(At("no")).Should().BeEmpty());
        Throws<DirectoryNotFoundException>(() => Files.Folders(At("no")).Should().BeEmpty());
        Throws<DirectoryNotFoundException>(() => Files.MoveFolder(At("no"), At("b")));
        Throws<DirectoryNotFoundException>(() => Files.DeleteFolder(At("no")));
        Throws<DirectoryNotFoundException>(() => Files.TryLock(At("no/lock")));
        Throws<IOException>(() => Files.SyncFolder(At("no")));
        Write("a", "a");
        Throws<DirectoryNotFoundException>(() => Files.MoveFile(At("a"), At("no/a")));
        Files.DeleteFile(At("no"));
        (Files.FileExists(At("no")), Files.FolderExists(At("no")), Files.FileExists(At("no/a"))).Should().Be((false, false, false));
        (Files.FileExists(Root), Files.FolderExists(At("a"))).Should().Be((false, false), "a folder is no file, a file no folder");
    }

    [Fact]
    public void A_file_moves_into_the_place_of_another_which_goes_on_for_who_has_it_open()
    {
        Write("old", "old");
        Write("new", "new!");
        using var reader = Files.Open(At("old"), FileMode.Open, FileAccess.Read);

        Files.MoveFile(At("new"), At("old"));

        Encoding.ASCII.GetString(Files.ReadAllBytes(At("old"))).Should().Be("new!");
        Read(reader, 0, 10).Should().Be("old");
        Files.Files(Root).Should().Equal(At("old"));
    }

    [Fact]
    public void A_file_that_is_removed_while_open_is_read_and_written_on_and_its_name_is_free()
    {
        using var writer = Create("a");
        writer.Write(Text("before"), 0);
        using var reader = Files.Open(At("a"), FileMode.Open, FileAccess.Read);

        Files.DeleteFile(At("a"));

        writer.Write(Text(" after"), 6);
        writer.Sync();
        Read(reader, 0, 100).Should().Be("before after");
        Files.FileExists(At("a")).Should().BeFalse();
        Write("a", "another");
        Read(reader, 0, 100).Should().Be("before after");
    }

    [Fact]
    public void A_folder_moves_with_the_files_that_are_open_in_it()
    {
        Files.CreateFolder(At("from/deep"));
        Files.CreateFolder(At("to"));
        using var file = Create("from/deep/a");
        file.Write(Text("one"), 0);

        Files.MoveFolder(At("from"), At("to/here"));

        file.Write(Text(" two"), 3);
        Encoding.ASCII.GetString(Files.ReadAllBytes(At("to/here/deep/a"))).Should().Be("one two");
        Files.FolderExists(At("from")).Should().BeFalse();
        Files.CreateFolder(At("from"));
        Throws<IOException>(() => Files.MoveFolder(At("from"), At("to/here")));
    }

    [Fact]
    public void A_folder_is_removed_with_all_that_is_in_it_also_what_is_open()
    {
        Files.CreateFolder(At("a/b/c"));
        using var file = Create("a/b/c/d");
        file.Write(Text("still"), 0);
        Write("a/e", "e");

        Files.DeleteFolder(At("a"));

        Files.FolderExists(At("a")).Should().BeFalse();
        Read(file, 0, 10).Should().Be("still");
    }

    [Fact]
    public void Listings_tell_files_from_folders_and_name_them_in_full()
    {
        Files.CreateFolder(At("folder/within"));
        Write("file", "");
        Write("folder/deep", "");

        Files.Files(Root).Should().Equal(At("file"));
        Files.Folders(Root).Should().Equal(At("folder"));
        Files.CreateFolder(At("folder")); // As it is there, nothing happens.
        Files.Files(At("folder")).Should().Equal(At("folder/deep"));
        Files.SyncFolder(At("folder"));
    }

    [Fact]
    public void A_lock_is_held_by_one_until_it_lets_go()
    {
        var held = Files.TryLock(At("lock"));
        held.Should().NotBeNull();
        Files.TryLock(At("lock")).Should().BeNull();
        Files.FileExists(At("lock")).Should().BeTrue();

        held!.Dispose();

        Files.TryLock(At("lock"))!.Dispose();
    }

    [Fact]
    public void A_closed_file_is_closed()
    {
        var file = Create("a");
        file.Dispose();
        file.Dispose();

        Throws<ObjectDisposedException>(() => file.Write([1], 0));
        Throws<ObjectDisposedException>(() => file.Read(new byte[1], 0));
    }

    [Fact]
    public void Whole_files_are_written_anew_read_and_copied()
    {
        var bytes = new byte[(1024 * 1024) + 77];
        new Random(5).NextBytes(bytes);
        Files.WriteAllBytes(At("a"), bytes, durable: true);
        Files.WriteAllBytes(At("b"), new byte[3_000_000]);

        Files.CopyFile(At("a"), At("b"));

        Files.ReadAllBytes(At("b")).AsSpan().SequenceEqual(bytes).Should().BeTrue();
    }

    internal static byte[] Text(string text) => Encoding.ASCII.GetBytes(text);

    internal static string Read(IStoreFile file, long position, int count)
    {
        var buffer = new byte[count];
        return Encoding.ASCII.GetString(buffer, 0, file.ReadFully(buffer, position));
    }

    internal string At(string name) => Path.Combine(Root, name);

    internal IStoreFile Create(string name) => Files.Open(At(name), FileMode.Create, FileAccess.ReadWrite);

    internal void Write(string name, string text) => Files.WriteAllBytes(At(name), Text(text));

    internal static void Throws<T>(Action action)
        where T : Exception => action.Should().Throw<T>();
}
