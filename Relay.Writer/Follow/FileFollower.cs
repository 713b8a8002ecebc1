using Microsoft.Win32.SafeHandles;

namespace Relay.Writer.Follow;

/// <summary>
/// Takes bytes of the log; none when those that follow come from another file. <paramref name="placeBefore"/> is the place so many bytes before their end, to be asked before this returns; what is
/// kept of the bytes is kept with the place behind it: both, or neither.
/// </summary>
internal delegate ValueTask TakeBytes(ReadOnlyMemory<byte> bytes, Func<int, FileCheckpoint> placeBefore, CancellationToken cancellationToken);

/// <summary>
/// Reads one log by its name, from the first byte on, through late creation, rotation and truncation: each byte once and in order, as far as the
/// files that rotation leaves beside it allow that.
/// </summary>
internal sealed class FileFollower : IDisposable
{
    private const int ChunkBytes = 48 * 1024;
    private const int LooksAtTheEnd = 2;

    private readonly LogFolder _folder;
    private readonly Rotation _rotation;
    private readonly FollowPace _pace;
    private readonly TakeBytes _take;
    private readonly Action<string> _say;
    private readonly byte[] _buffer = new byte[ChunkBytes];
    private FileCheckpoint? _resumeFrom;
    private OpenLog? _current;
    private FileMark? _takenFrom;
    private string? _said;

    /// <param name="path">The log's absolute path.</param>
    /// <param name="checkpoint">Where an earlier follower of this log had come to; <c>null</c> for the first.</param>
    /// <param name="pace">How often to look.</param>
    /// <param name="take">Takes at most 48 KiB at a time, and waits when it has no room.</param>
    /// <param name="say">Tells a person what cannot be read.</param>
    public FileFollower(string path, FileCheckpoint? checkpoint, FollowPace pace, TakeBytes take, Action<string> say)
    {
        _folder = new LogFolder(path);
        _rotation = new Rotation(_folder);
        (_pace, _take, _say, _resumeFrom) = (pace, take, say, checkpoint);
        if (checkpoint is null)
        {
            _rotation.PassOverPresent();
        }
        else
        {
            _rotation.PassOver(checkpoint.Done, checkpoint.DoneModified);
        }
    }

    /// <summary>Follows until <paramref name="ending"/>, then reads what is there to its end.</summary>
    public async Task RunAsync(CancellationToken ending, CancellationToken cancellationToken)
    {
        using var watch = new FolderWatch(_folder.LogPath, _pace);
        var quietLooks = 0;
        while (quietLooks < LooksAtTheEnd)
        {
            cancellationToken.ThrowIfCancellationRequested(); // Nothing else asks in a hole, and it may have many gigabytes.
            var isEnding = ending.IsCancellationRequested;
            if (await StepAsync(isEnding, cancellationToken))
            {
                quietLooks = 0;
                continue;
            }

            quietLooks += isEnding ? 1 : 0;
            if (quietLooks < LooksAtTheEnd)
            {
                await watch.WaitAsync(isEnding ? CancellationToken.None : ending, cancellationToken);
            }
        }
    }

    public void Dispose() => _current?.Dispose();

    /// <summary>One look.</summary>
    /// <returns>Whether anything changed, so that another look is due at once.</returns>
    internal async ValueTask<bool> StepAsync(bool isEnding, CancellationToken cancellationToken)
    {
        int count;
        long modified;
        try
        {
            if (_current is null)
            {
                _current = Begin();
                return _current is not null;
            }

            (var verdict, count, modified, var earlier) = Read(_current);
            if (verdict != Verdict.Read)
            {
                return verdict switch
                {
                    Verdict.Truncated => Restart(_current),
                    Verdict.RotatedBefore => GoTo(earlier!),
                    Verdict.Again => true,
                    _ => GoOn(_current, isEnding),
                };
            }
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            SayOnce($"{_folder.LogPath} cannot be read, trying on: {failure.Message}");
            return false;
        }

        await TakeAsync(_current, _buffer.AsMemory(0, count), modified, cancellationToken);
        return true;
    }

    private OpenLog? Begin()
    {
        if (_resumeFrom is { } checkpoint)
        {
            if (_rotation.Find(checkpoint) is { } found)
            {
                _resumeFrom = null;
                return found;
            }

            if (_folder.Named is null && _folder.Rotated() is [])
            {
                return null; // The folder itself may not be there yet: no time to give anything up.
            }

            _rotation.PassOver(checkpoint.File, checkpoint.Modified);
            SayOnce($"the rest of {_folder.LogPath} behind byte {checkpoint.Place.Offset} is gone: the file was truncated or removed meanwhile"
                + (_folder.HasCompressed ? ", or compressed, which cannot be read" : ""));
            _resumeFrom = null;
        }

        if (_rotation.Next(null) is { } next)
        {
            return next.Log;
        }

        if (_folder.Named is { Kind: not FileKind.Regular })
        {
            SayOnce($"{_folder.LogPath} is not a regular file; waiting for one");
        }

        return null;
    }

    /// <summary>
    /// Reads on, and only then makes sure that it was still the same content: a file that was truncated and written anew may be as long as
    /// before.
    /// </summary>
    private (Verdict Verdict, int Count, long Modified, OpenLog? Earlier) Read(OpenLog file)
    {
        var count = RandomAccess.Read(file.Handle, _buffer, file.Mark.Offset);
        var status = file.Status;
        if (status.Length < file.Mark.Offset + count || !file.Mark.IsIn(file.Handle))
        {
            return (Verdict.Truncated, 0, 0, null);
        }

        if ((file.Mark.Offset < ChunkBytes || file.Mark.IsHole) && Before(file, _buffer.AsSpan(0, count)) is var (verdict, earlier) && verdict != Verdict.Read)
        {
            return (verdict, 0, 0, earlier);
        }

        return count > 0 ? (Verdict.Read, count, status.Modified, null) : (Verdict.AtEnd, 0, 0, null);
    }

    /// <summary>
    /// Near the beginning the mark proves little: nothing was read, or a banner that each file begins with; in a hole, however far, it proves nothing.
    /// But while the name stands for this file, a rotated one that holds the mark and was not read is a copy of what is in this file, or came before
    /// it and goes on in another way. Looked for after the bytes were read: else there may be one that came in between.
    /// </summary>
    private (Verdict Verdict, OpenLog? Earlier) Before(OpenLog file, ReadOnlySpan<byte> read)
    {
        if (_folder.Named?.Identity != file.Identity || _rotation.FindRotated(file.Mark.Fingerprint, file.Identity) is not { } copy)
        {
            return (Verdict.Read, null);
        }

        var copied = copy.Status.Length; // First: a log cannot be shorter than the copy of what is in it.
        if (copied > file.Status.Length || !GoesOnAlike(copy, read))
        {
            return (Verdict.RotatedBefore, copy);
        }

        copy.Dispose();
        var isAllCompared = copied <= file.Mark.Offset + read.Length || read.Length == ChunkBytes;
        return (isAllCompared ? Verdict.Read : Verdict.Again, null);
    }

    private static bool GoesOnAlike(OpenLog copy, ReadOnlySpan<byte> read)
    {
        var other = new byte[read.Length];
        var count = RandomAccess.Read(copy.Handle, other, copy.Mark.Offset);
        return read[..count].SequenceEqual(other.AsSpan(0, count));
    }

    private async ValueTask TakeAsync(OpenLog file, ReadOnlyMemory<byte> bytes, long modified, CancellationToken cancellationToken)
    {
        if (_takenFrom is not null && _takenFrom != file.Mark)
        {
            await _take(default, _ => throw new InvalidOperationException("There is no place between two files."), cancellationToken);
        }

        _takenFrom = file.Mark;
        var isInHole = file.Mark.IsHole;
        file.Mark.Advance(bytes.Span);
        bytes = isInHole ? bytes.TrimStart((byte)0) : bytes;
        file.QuietSince = null;
        if (!bytes.IsEmpty)
        {
            await _take(
                bytes,
                held => new FileCheckpoint(file.Identity, modified, file.Mark.FingerprintBefore(held), _rotation.Newest, _rotation.NewestModified),
                cancellationToken);
        }
    }

    private bool Restart(OpenLog file)
    {
        if (_rotation.FindCopy(file.Mark.Fingerprint, file.Identity) is { } copy)
        {
            return GoTo(copy);
        }

        if (file.Mark.Offset > 0)
        {
            SayOnce($"{_folder.LogPath} was truncated and no copy of it is there: what was written to it behind byte {file.Mark.Offset} before that, if anything, is lost"
                + (_folder.HasCompressed ? "; compressed files cannot be read" : ""));
        }

        _current = file.At(new FileMark(), isNowFinal: false);
        return true;
    }

    /// <summary>At the end of a file: waits for more of it, until there is something behind it and nobody writes to it any more.</summary>
    private bool GoOn(OpenLog file, bool isEnding)
    {
        if (_folder.Named?.Identity == file.Identity || _rotation.Next(file) is not { } next)
        {
            file.QuietSince = null;
            return false;
        }

        // What has been followed by yet another file was left by its writer; so was a copy. The last one may still be held open.
        if (next.Log.Status.Length > 0 && (file.IsFinal || !next.IsNamed || isEnding || WasQuiet(file)))
        {
            if (next.IsNamed && BehindCopy(file, next.Log) is { } place)
            {
                return GoTo(next.Log.At(place, isNowFinal: false));
            }

            var status = file.Status;
            _rotation.PassOver(status.Identity, status.Modified);
            return GoTo(next.Log);
        }

        next.Log.Dispose();
        return false;
    }

    /// <summary>
    /// A rotated file that is younger than the log may be the copy of what is still in the log, about to be truncated: then the log goes on where
    /// this one was read to. The copy is not done, it may yet get a rest that the log loses.
    /// </summary>
    private static FileMark? BehindCopy(OpenLog copy, OpenLog log) =>
        !copy.IsFinal && copy.Identity.Born > log.Identity.Born ? FileMark.Find(log.Handle, copy.Mark.Fingerprint) : null;

    private bool WasQuiet(OpenLog file)
    {
        file.QuietSince ??= _pace.Time.GetTimestamp();
        return _pace.Time.GetElapsedTime(file.QuietSince.Value) >= _pace.OldFileGrace;
    }

    private bool GoTo(OpenLog next)
    {
        _current?.Dispose();
        _current = next;
        return true;
    }

    private void SayOnce(string message)
    {
        if (_said != message)
        {
            _said = message;
            _say(message);
        }
    }

    private enum Verdict
    {
        Read,
        AtEnd,
        Truncated,

        /// <summary>The file grew while it was compared with its copy.</summary>
        Again,

        /// <summary>A file that was rotated before all of it was read comes first.</summary>
        RotatedBefore,
    }
}
