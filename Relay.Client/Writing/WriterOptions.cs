using Relay.Contracts;

namespace Relay.Client;

/// <summary>Settings of a <see cref="LogWriter"/>.</summary>
public sealed record WriterOptions
{
    private const int SmallestReplayBuffer = 256 * 1024;

    /// <summary>The outputs this writer leases and may write. Default: empty, which means all.</summary>
    public IReadOnlyList<OutputType> Outputs { get; init; } = [];

    /// <summary>
    /// Id of the run: 1–64 characters, unique to this writing process. Default <c>null</c>: a random one. The relay tells runs apart by it, so
    /// giving an id twice means claiming to be the same process.
    /// </summary>
    public string? RunId { get; init; }

    /// <summary>Whether to create the session if it is missing. Default <c>true</c>. Done on the first connect only, so that a writer never
    /// brings back a
    /// session that was deleted.</summary>
    public bool CreateSession { get; init; } = true;

    /// <summary>Labels of the session if this writer creates it. Default: none.</summary>
    public IReadOnlyDictionary<string, string>? Labels { get; init; }

    /// <summary>
    /// Whether to delete the session, if it exists, before creating it: the job runs again under the same id, and what the earlier one wrote
    /// goes. Default <c>false</c>. Done on the first connect only. Includes <see cref="CreateSession"/>.
    /// </summary>
    public bool ReplaceSession { get; init; }

    /// <summary>The first connect waits for the end of this task, whatever its outcome. Bytes are taken at once. Default: a task that has ended.</summary>
    public Task ConnectAfter { get; init; } = Task.CompletedTask;

    /// <summary>
    /// Keeps what is not durable yet in files instead of memory, so that it survives the process. Default <c>null</c>: in memory.
    /// </summary>
    public SpoolOptions? Spool { get; init; }

    /// <summary>
    /// What happens when the spool, or without one the replay buffer, is full. Default <see cref="WhenFull.Block"/>.
    /// </summary>
    public WhenFull WhenFull { get; init; }

    /// <summary>
    /// Most memory, in bytes, for what is not durable yet; default 32 MiB, at least 256 KiB. While the relay is away this is how much can be
    /// written before <see cref="WhenFull"/> decides. Without meaning when there is a <see cref="Spool"/>.
    /// </summary>
    public int ReplayBufferBytes { get; init; } = 32 * 1024 * 1024;

    /// <summary>
    /// How long to go on trying while another run holds the lease of an output; then the writer fails with
    /// <see cref="RelayErrorCode.WriterAlreadyConnected"/>. Default 30 s: longer than the relay needs to notice that the other one is dead. With a
    /// <see cref="Spool"/> it never gives up.
    /// </summary>
    public TimeSpan LeaseWait { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>How long <see cref="LogWriter.DisposeAsync"/> may take to send what is left while it is connected. Default 5 s.</summary>
    public TimeSpan CloseTimeout { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>Told when the connection changes, and of every failed attempt. Called on the writer's background path, in order: it should return
    /// soon. Its exceptions are logged and go no further.</summary>
    public Action<ConnectionChange>? OnConnectionChange { get; init; }

    internal static void ThrowIfInvalid(WriterOptions options)
    {
        if (options.Problem() is { } problem)
        {
            throw new ArgumentException(problem, nameof(options));
        }
    }

    private string? Problem() =>
        Spool?.Problem() is { } problem ? problem
        : Outputs.Any(output => !OutputTypes.All.Contains(output))
            ? $"{nameof(Outputs)} must be {nameof(OutputType.Stdout)} or {nameof(OutputType.Stderr)}."
        : RunId is { Length: 0 or > 64 } ? $"{nameof(RunId)} must have 1–64 characters; it has {RunId.Length}."
        : ReplayBufferBytes < SmallestReplayBuffer
            ? $"{nameof(ReplayBufferBytes)} must be at least {SmallestReplayBuffer}; it is {ReplayBufferBytes}."
        : LeaseWait < TimeSpan.Zero ? $"{nameof(LeaseWait)} must not be below zero; it is {LeaseWait}."
        : CloseTimeout < TimeSpan.Zero ? $"{nameof(CloseTimeout)} must not be below zero; it is {CloseTimeout}."
        : null;
}

/// <summary>What a writer does when it can hold no more.</summary>
public enum WhenFull
{
    /// <summary>Writing waits until the relay has taken something. Nothing is lost, but the writing process is held back.</summary>
    Block = 0,

    /// <summary>
    /// What was written first is given up; readers see a gap (<see cref="GapReason.LostByWriter"/>) in its place. The writing process waits only
    /// while the relay takes what it is sent, which makes room; not for one that has taken nothing for 3 s.
    /// </summary>
    DropOldest = 1,
}
