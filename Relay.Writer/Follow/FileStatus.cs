using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Relay.Writer.Follow;

internal enum FileKind
{
    Regular,
    Directory,

    /// <summary>A pipe, a device, a socket, a symbolic link that was not followed.</summary>
    Other,
}

/// <summary>
/// Which file it is, whatever its name. Numbers of inodes are given out again, so the time of birth belongs to it.
/// </summary>
/// <param name="Device">0 where the system does not tell, and where birth and inode are enough: numbers of devices change at a restart.</param>
/// <param name="Inode">0 where the system does not tell.</param>
/// <param name="Born">Nanoseconds since 1970; 0 where the file system does not tell.</param>
internal readonly record struct FileIdentity(long Device, long Inode, long Born);

/// <summary>
/// Orders the files that a log was rotated into: by the last change, which renaming leaves alone; of the same moment, by birth. Birth alone would not do: a file
/// that was copied and truncated is older than its copy, and what is in it is newer. Both times move in ticks of some milliseconds, so files may be equally old.
/// </summary>
internal readonly record struct FileAge(long Born, long Modified)
{
    public bool IsAfter(FileAge other) => Modified != other.Modified ? Modified > other.Modified : Born > other.Born;
}

/// <summary>What the system knows about a file.</summary>
/// <param name="Kind">What it is.</param>
/// <param name="Identity">Which file it is.</param>
/// <param name="Length">In bytes.</param>
/// <param name="Modified">Nanoseconds since 1970.</param>
internal readonly partial record struct FileStatus(FileKind Kind, FileIdentity Identity, long Length, long Modified)
{
    private const int CurrentFolder = -100;
    private const int EmptyPath = 0x1000;
    private const int NoFollow = 0x100;
    private const uint BasicAndBirth = 0xfff;
    private const uint Birth = 0x800;

    public FileAge Age => new(Identity.Born, Modified);

    /// <summary>Of an open file. It was opened, so it is there.</summary>
    public static FileStatus Of(SafeFileHandle file)
    {
        if (!OperatingSystem.IsLinux())
        {
            var (born, modified) = (Nanoseconds(File.GetCreationTimeUtc(file)), Nanoseconds(File.GetLastWriteTimeUtc(file)));
            return new FileStatus(FileKind.Regular, new FileIdentity(0, 0, born), RandomAccess.GetLength(file), modified);
        }

        var added = false;
        file.DangerousAddRef(ref added);
        try
        {
            return statx((int)file.DangerousGetHandle(), "", EmptyPath, BasicAndBirth, out var found) == 0
                ? From(found)
                : throw new IOException($"The status of an open file cannot be read: {Marshal.GetLastPInvokeErrorMessage()}");
        }
        finally
        {
            file.DangerousRelease();
        }
    }

    /// <returns><c>null</c> when nothing of that name is there, or it cannot be looked at.</returns>
    public static FileStatus? Of(string path, bool followLinks = true)
    {
        if (OperatingSystem.IsLinux())
        {
            return statx(CurrentFolder, path, followLinks ? 0 : NoFollow, BasicAndBirth, out var found) == 0 ? From(found) : null;
        }

        var information = new FileInfo(path);
        return !information.Exists
            ? Directory.Exists(path) ? new FileStatus(FileKind.Directory, default, 0, 0) : null
            : new FileStatus(
                !followLinks && information.LinkTarget is not null ? FileKind.Other : FileKind.Regular,
                new FileIdentity(0, 0, Nanoseconds(information.CreationTimeUtc)),
                information.Length,
                Nanoseconds(information.LastWriteTimeUtc));
    }

    private static FileStatus From(in StatX found)
    {
        var kind = (found.Mode & 0xf000) switch { 0x8000 => FileKind.Regular, 0x4000 => FileKind.Directory, _ => FileKind.Other };
        var identity = (found.Mask & Birth) != 0
            ? new FileIdentity(0, found.Inode, found.Born.Nanoseconds)
            : new FileIdentity(((long)found.DeviceMajor << 32) | found.DeviceMinor, found.Inode, 0);
        return new FileStatus(kind, identity, found.Size, found.Modified.Nanoseconds);
    }

    private static long Nanoseconds(DateTime utc) => (utc - DateTime.UnixEpoch).Ticks * TimeSpan.NanosecondsPerTick;

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int statx(int folder, string path, int flags, uint mask, out StatX status);

    /// <summary>Linux' <c>struct statx</c>, the same on every machine.</summary>
    [StructLayout(LayoutKind.Explicit, Size = 256)]
    private struct StatX
    {
        [FieldOffset(0)]
        public uint Mask;

        [FieldOffset(28)]
        public ushort Mode;

        [FieldOffset(32)]
        public long Inode;

        [FieldOffset(40)]
        public long Size;

        [FieldOffset(80)]
        public StatXTime Born;

        [FieldOffset(112)]
        public StatXTime Modified;

        [FieldOffset(136)]
        public uint DeviceMajor;

        [FieldOffset(140)]
        public uint DeviceMinor;
    }

    [StructLayout(LayoutKind.Explicit, Size = 16)]
    private struct StatXTime
    {
        [FieldOffset(0)]
        public long Second;

        [FieldOffset(8)]
        public uint Fraction;

        public readonly long Nanoseconds => (Second * 1_000_000_000) + Fraction;
    }
}
