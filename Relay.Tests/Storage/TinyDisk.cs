using Relay.Tests.TestKit;
using Xunit;

namespace Relay.Tests.Storage;

/// <summary>A file system that is full after two megabytes, until <see cref="MakeRoom"/>.</summary>
internal sealed class TinyDisk : IDisposable
{
    private readonly TempFolder _folder = new();

    public TinyDisk()
    {
        if (!Tool.Succeeds("mount", "-t", "tmpfs", "-o", "size=2m", "relay-test", _folder.Path))
        {
            _folder.Dispose();
            throw new InvalidOperationException("tmpfs could not be mounted.");
        }
    }

    public string Path => _folder.Path;

    public static bool IsPermitted { get; } = Probe();

    /// <summary>Fills what is left, to the last byte.</summary>
    public void TakeTheRest()
    {
        try
        {
            using var file = new FileStream(System.IO.Path.Combine(Path, "rest"), FileMode.Create, FileAccess.Write, FileShare.None, bufferSize: 0);
            while (true)
            {
                file.Write(new byte[1024]);
            }
        }
        catch (IOException)
        {
            // Full.
        }
    }

    public void MakeRoom()
    {
        if (!Tool.Succeeds("mount", "-o", "remount,size=64m", _folder.Path))
        {
            throw new InvalidOperationException("tmpfs could not be made larger.");
        }
    }

    public void Dispose()
    {
        Tool.Succeeds("umount", "-l", _folder.Path);
        _folder.Dispose();
    }

    private static bool Probe()
    {
        try
        {
            new TinyDisk().Dispose();
            return true;
        }
        catch (InvalidOperationException)
        {
            return false;
        }
    }
}

/// <summary>A test that needs a disk of its own; only root may mount one.</summary>
internal sealed class TinyDiskFactAttribute : FactAttribute
{
    public TinyDiskFactAttribute()
    {
        if (!TinyDisk.IsPermitted)
        {
            Skip = "Mounting a tmpfs is not permitted here.";
        }
    }
}
