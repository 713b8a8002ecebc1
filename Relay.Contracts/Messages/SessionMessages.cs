namespace Relay.Contracts;

/// <summary>Argument of <see cref="HubRoutes.Sessions"/>.</summary>
public sealed record SessionsRequest
{
    /// <summary>Contract version of the watcher.</summary>
    public int Version { get; init; } = ContractVersion.Current;
}

/// <summary>What changed among the sessions. The first batches tell of each; then one comes at most every half second, when something changed.</summary>
public sealed record SessionsBatch
{
    /// <summary>Sessions that are new, or stand otherwise than was told before.</summary>
    public IReadOnlyList<SessionStatus> Changed { get; init; } = [];

    /// <summary>Sessions that are no more.</summary>
    public IReadOnlyList<GoneSession> Gone { get; init; } = [];

    /// <summary><c>false</c> while more batches of the first telling follow.</summary>
    public bool IsComplete { get; init; }
}

/// <summary>A session that is no more.</summary>
/// <param name="Id">Its id.</param>
/// <param name="Reason"><see cref="EndReason.Deleted"/> or <see cref="EndReason.Expired"/>.</param>
public readonly record struct GoneSession(string Id, EndReason Reason);
