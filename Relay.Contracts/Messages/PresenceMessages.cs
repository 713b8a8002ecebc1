namespace Relay.Contracts;

/// <summary>Argument of <see cref="HubRoutes.Watch"/> and <see cref="HubRoutes.Unwatch"/>.</summary>
public sealed record WatchRequest
{
    /// <summary>Contract version of the watcher.</summary>
    public int Version { get; init; } = ContractVersion.Current;

    /// <summary>The session's id. It need not exist yet: its creation is one of the events.</summary>
    public string Session { get; init; } = "";

    /// <summary>The outputs to watch. Empty means all.</summary>
    public IReadOnlyList<OutputType> Outputs { get; init; } = [];
}

/// <summary>What happened to a session or to one of its outputs.</summary>
public enum PresenceKind
{
    /// <summary>Not a valid event.</summary>
    None = 0,

    /// <summary>The session was created.</summary>
    SessionCreated = 1,

    /// <summary>A writer took the lease of the output.</summary>
    WriterConnected = 2,

    /// <summary>The writer left in good order without completing.</summary>
    WriterClosed = 3,

    /// <summary>The writer vanished. It may come back.</summary>
    WriterLost = 4,

    /// <summary>The output is complete and final.</summary>
    OutputEnded = 5,

    /// <summary>The job completed; <see cref="PresenceEvent.ExitCode"/> may be set.</summary>
    SessionCompleted = 6,

    /// <summary>The session was deleted.</summary>
    SessionDeleted = 7,

    /// <summary>The session's time to live ran out.</summary>
    SessionExpired = 8,
}

/// <summary>Sent to the watchers of a session. Presence is a hint beside the log: it is not replayed, and its order against read streams is not fixed.</summary>
public sealed record PresenceEvent
{
    /// <summary>What happened.</summary>
    public PresenceKind Kind { get; init; }

    /// <summary>The session's id.</summary>
    public string Session { get; init; } = "";

    /// <summary>The output, or <see cref="OutputType.None"/> for events of the whole session.</summary>
    public OutputType Output { get; init; }

    /// <summary>When: microseconds since 1970-01-01T00:00:00Z.</summary>
    public long TimeMicros { get; init; }

    /// <summary>With <see cref="PresenceKind.SessionCompleted"/>: the job's exit code, if it reported one.</summary>
    public int? ExitCode { get; init; }
}
