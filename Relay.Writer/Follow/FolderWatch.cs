namespace Relay.Writer.Follow;

/// <summary>How often to look at a file, and how long to wait for its writer.</summary>
/// <param name="Time">The clock.</param>
internal sealed record FollowPace(TimeProvider Time)
{
    /// <summary>Longest time between two looks. Default 250 ms.</summary>
    public TimeSpan Poll { get; init; } = TimeSpan.FromMilliseconds(250);

    /// <summary>A file that was renamed, and replaced by one that is written to, is left when it has not grown for so long. Default 2 s.</summary>
    public TimeSpan OldFileGrace { get; init; } = TimeSpan.FromSeconds(2);
}

/// <summary>
/// Waits for a change of a file. The system's notice makes it quick where there is one; the poll is what counts, because network file systems and
/// some volumes of containers give none.
/// </summary>
internal sealed class FolderWatch : IDisposable
{
    private readonly FileSystemWatcher? _watcher;
    private readonly FollowPace _pace;
    private TaskCompletionSource _changed = New();

    public FolderWatch(string path, FollowPace pace)
    {
        _pace = pace;
        try
        {
            _watcher = new FileSystemWatcher(Path.GetDirectoryName(path)!, Path.GetFileName(path))
            {
                NotifyFilter = NotifyFilters.FileName | NotifyFilters.Size | NotifyFilters.LastWrite,
            };
            _watcher.Changed += (_, _) => Volatile.Read(ref _changed).TrySetResult();
            _watcher.Created += (_, _) => Volatile.Read(ref _changed).TrySetResult();
            _watcher.EnableRaisingEvents = true;
        }
        catch (Exception failure) when (failure is ArgumentException or IOException)
        {
            // No such folder yet, or no notices left in the system: the poll is enough.
        }
    }

    /// <summary>Returns at a change since the last call, after the poll's time, or when <paramref name="early"/> is cancelled.</summary>
    public async Task WaitAsync(CancellationToken early, CancellationToken cancellationToken)
    {
        using var wait = CancellationTokenSource.CreateLinkedTokenSource(early, cancellationToken);
        await Task.WhenAny(_changed.Task, Task.Delay(_pace.Poll, _pace.Time, wait.Token));
        await wait.CancelAsync();
        cancellationToken.ThrowIfCancellationRequested();
        Volatile.Write(ref _changed, New());
    }

    public void Dispose() => _watcher?.Dispose();

    private static TaskCompletionSource New() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}
