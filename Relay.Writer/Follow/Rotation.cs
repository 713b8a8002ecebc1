namespace Relay.Writer.Follow;

/// <summary>
/// Which of the files beside the log are still to be read, and which comes next. A log is rotated by renaming (the name stands for a new file,
/// the old one goes on under another name) or by copying and truncating (the file stays, a new one holds what was in it).
/// </summary>
internal sealed class Rotation(LogFolder folder)
{
    private const int MostTries = 8;

    private readonly HashSet<FileIdentity> _done = [];

    /// <summary>The newest rotated file that was read to its end, or that was there before us.</summary>
    public FileIdentity Newest { get; private set; }

    /// <summary>Its last change, in nanoseconds since 1970.</summary>
    public long NewestModified { get; private set; }

    /// <summary>At the very first start: what was rotated before is not ours.</summary>
    public void PassOverPresent()
    {
        foreach (var sibling in folder.Rotated())
        {
            PassOver(sibling.Status.Identity, sibling.Status.Modified);
        }
    }

    /// <summary>This file was read to its end, or never will be; so were all that are older.</summary>
    public void PassOver(FileIdentity file, long modified)
    {
        _done.Add(file);
        if (!NewestAge.IsAfter(new FileAge(file.Born, modified)))
        {
            (Newest, NewestModified) = (file, modified);
        }
    }

    /// <summary>What is to be read behind <paramref name="current"/>.</summary>
    /// <returns><c>null</c> when there is nothing yet. The log itself, if it is that, may be empty.</returns>
    /// <exception cref="UnauthorizedAccessException">It is there and may not be read.</exception>
    public (OpenLog Log, bool IsNamed)? Next(OpenLog? current)
    {
        // The name is opened first, then the folder listed, then the name looked at again: if it still stands for the same file, then all that
        // is in the list comes before that file.
        for (var tries = 0; tries < MostTries; tries++)
        {
            var named = OpenLog.Open(folder.LogPath);
            var unread = Unread(current?.Status).Where(sibling => sibling.Status.Identity != named?.Identity).ToList();
            if (folder.Named?.Identity != named?.Identity)
            {
                named?.Dispose();
                continue;
            }

            if (unread is [])
            {
                return named is null ? null : (named, true);
            }

            named?.Dispose();
            if (Open(unread[0], isFinal: false) is { } next)
            {
                return (next, false);
            }
        }

        return null;
    }

    /// <summary>Opens a file unless it was renamed since it was listed.</summary>
    public static OpenLog? Open(Sibling sibling, bool isFinal)
    {
        var file = OpenLog.Open(sibling.Path, isFinal);
        if (file?.Identity == sibling.Status.Identity)
        {
            return file;
        }

        file?.Dispose();
        return null;
    }

    /// <summary>Finds the file that an earlier follower was reading, or a copy of it, at the place that it had reached.</summary>
    public OpenLog? Find(FileCheckpoint checkpoint) =>
        FirstAt(
            checkpoint.Place,
            isFinal: false,
            () => (folder.Named is { } status ? folder.Others().Prepend(new Sibling(folder.LogPath, status)) : folder.Others())
                .Where(file => file.Status.Identity == checkpoint.File))
        ?? FindCopy(checkpoint.Place, checkpoint.File);

    /// <summary>Rotated files with something in them that were not read and are not older than what was, the oldest first.</summary>
    private IEnumerable<Sibling> Unread(FileStatus? current) => NotOlderThanRead().Where(sibling =>
        sibling.Status.Length > 0 && !_done.Contains(sibling.Status.Identity)
        && (current is not { } file || (file.Identity != sibling.Status.Identity && !file.Age.IsAfter(sibling.Status.Age))));

    /// <summary>Finds the copy that was made of a file before it was truncated, at the place that was reached in it.</summary>
    /// <returns><c>null</c> when nothing was read of the file, so that nothing identifies a copy, or there is none.</returns>
    public OpenLog? FindCopy(Fingerprint place, FileIdentity original) =>
        place.Offset == 0 ? null
        : place.Offset < FileMark.MostBytes || place.IsHole ? FindRotated(place, original)
        // Another name is as good when there are enough bytes to tell a copy from a neighbour.
        : FirstAt(place, isFinal: true, () => MayHold(place, original, NotOlderThanRead().Concat(folder.Others())));

    /// <summary>Finds the oldest of the rotated files that were not read to their ends and hold this place. The next ones may begin alike.</summary>
    /// <param name="place">A place; at 0 it is in all of them that are not empty.</param>
    /// <param name="original">The file in which it was reached.</param>
    public OpenLog? FindRotated(Fingerprint place, FileIdentity original) =>
        FirstAt(place, isFinal: true, () => MayHold(place, original, NotOlderThanRead()));

    private IEnumerable<Sibling> MayHold(Fingerprint place, FileIdentity original, IEnumerable<Sibling> files) => files.Where(file =>
        file.Status.Length >= Math.Max(place.Offset, 1) && file.Status.Identity != original && !_done.Contains(file.Status.Identity));

    /// <summary>The first file that holds the place. One that was renamed between listing and opening is listed again.</summary>
    private static OpenLog? FirstAt(Fingerprint place, bool isFinal, Func<IEnumerable<Sibling>> list)
    {
        for (var tries = 0; tries < MostTries; tries++)
        {
            var hasMoved = false;
            foreach (var sibling in list())
            {
                var file = Open(sibling, isFinal);
                if (At(place, file, isFinal) is { } found)
                {
                    return found;
                }

                hasMoved |= file is null;
            }

            if (!hasMoved)
            {
                return null;
            }
        }

        throw new IOException("the files beside it are renamed faster than they can be opened");
    }

    private FileAge NewestAge => new(Newest.Born, NewestModified);

    /// <summary>The oldest first. Of those that are equally old the numbers grow with age, and .10 is older than .9.</summary>
    private IEnumerable<Sibling> NotOlderThanRead() => folder.Rotated()
        .Where(sibling => !NewestAge.IsAfter(sibling.Status.Age))
        .OrderBy(sibling => sibling.Status.Modified)
        .ThenBy(sibling => sibling.Status.Identity.Born)
        .ThenByDescending(sibling => sibling.Path.Length)
        .ThenByDescending(sibling => sibling.Path, StringComparer.Ordinal);

    private static OpenLog? At(Fingerprint place, OpenLog? file, bool isFinal)
    {
        if (file is null || FileMark.Find(file.Handle, place) is not { } mark)
        {
            file?.Dispose();
            return null;
        }

        return file.At(mark, isFinal);
    }
}
