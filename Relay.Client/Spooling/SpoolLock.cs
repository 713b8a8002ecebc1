namespace Relay.Client.Spooling;

/// <summary>Held by the process that delivers a spool. The system frees it when that process ends, however it ends.</summary>
internal sealed class SpoolLock : IDisposable
{
    // Who only looks at a spool holds the lock too, for a moment.
    private const int TriesOfAnOwner = 20;
    private static readonly TimeSpan BetweenTries = TimeSpan.FromMilliseconds(10);

    private readonly FileStream _file;

    private SpoolLock(FileStream file) => _file = file;

    /// <exception cref="SpoolInUseException">Another process, or another writer of this one, holds it.</exception>
    /// <exception cref="DirectoryNotFoundException">The folder is gone.</exception>
    /// <exception cref="IOException">The file cannot be made.</exception>
    public static SpoolLock Acquire(string folder) => Acquire(folder, FileMode.OpenOrCreate, TriesOfAnOwner);

    /// <summary>As <see cref="Acquire(string)"/>, for a look: a spool that is in use is left alone at once.</summary>
    public static SpoolLock AcquireToLook(string folder) => Acquire(folder, FileMode.Open, 1);

    public void Dispose() => _file.Dispose();

    private static SpoolLock Acquire(string folder, FileMode mode, int most)
    {
        for (var tries = 1; ; tries++)
        {
            try
            {
                return new SpoolLock(new FileStream(Path.Combine(folder, "lock"), mode, FileAccess.ReadWrite, FileShare.None));
            }
            catch (IOException e) when (IsHeldByAnother(e))
            {
                if (tries == most)
                {
                    throw new SpoolInUseException(folder, e);
                }

#pragma warning disable RS0030 // Nothing signals that another process let go of a file.
                Thread.Sleep(BetweenTries);
#pragma warning restore RS0030
            }
        }
    }

    /// <summary>EWOULDBLOCK of flock(2), on Linux and on BSD; ERROR_SHARING_VIOLATION.</summary>
    private static bool IsHeldByAnother(IOException failure) => failure.HResult is 11 or 35 or unchecked((int)0x80070020);
}
