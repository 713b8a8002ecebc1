namespace Relay.Client;

/// <summary>Where and how much of a run is kept on disk until it is durable at the relay.</summary>
/// <remarks>
/// Bytes are in the files when <see cref="LogWriter.WriteAsync(Contracts.OutputType, ReadOnlyMemory{byte}, CancellationToken)"/> returns: they
/// survive the end of the process, kill -9 included. They are not forced to the disk, so a power loss may take the newest. While the disk takes
/// nothing, because it is full or the folder was removed, up to 8 MiB of memory do. Besides, up to 12 MiB of memory hold what is to be sent next. Once everything is
/// delivered the folder is removed; otherwise <see cref="RelayClient.OpenSpool"/> delivers the rest later, from another process if need be.
/// </remarks>
public sealed record SpoolOptions
{
    private const long SmallestLimit = 1024 * 1024;

    /// <summary>The run's own folder; created, readable by its owner only. If it holds the spool of a run, that run goes on.</summary>
    public required string Folder { get; init; }

    /// <summary>Most bytes on disk; default 1 GiB, at least 1 MiB. Then <see cref="WriterOptions.WhenFull"/> decides.</summary>
    public long LimitBytes { get; init; } = 1024L * 1024 * 1024;

    /// <summary>
    /// Whether to keep the folder of a run that was closed with everything delivered but not completed, so that the run, and its
    /// <see cref="LogWriter.Checkpoint"/>, can be taken up again. Default <c>false</c>.
    /// </summary>
    public bool KeepWhenDrained { get; init; }

    /// <summary>
    /// Whether what is written after the relay has refused the run for good is kept as well, within the limit and without waiting, so that it can go
    /// into another session; at the limit <see cref="WhenFull.Block"/> gives up what is new. Otherwise writing throws the refusal. Default <c>false</c>.
    /// </summary>
    public bool TakeWhenRefused { get; init; }

    /// <summary>Only to take up a run, not to begin one.</summary>
    internal bool MustExist { get; init; }

    internal string? Problem() =>
        string.IsNullOrEmpty(Folder) ? $"{nameof(SpoolOptions)}.{nameof(Folder)} must name a folder."
        : LimitBytes < SmallestLimit ? $"{nameof(SpoolOptions)}.{nameof(LimitBytes)} must be at least {SmallestLimit}; it is {LimitBytes}."
        : null;
}
