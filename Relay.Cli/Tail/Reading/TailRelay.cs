using Relay.Client;
using Relay.Contracts;

namespace Relay.Cli.Tail.Reading;

/// <summary>Opens a session's log for reading; a seam for tests.</summary>
internal delegate IAsyncEnumerable<LogBatch> OpenLog(RelayClientOptions at, string session, ReadOptions options, CancellationToken cancellationToken);

/// <summary>Asks for all sessions, newest first; a seam for tests.</summary>
internal delegate Task<IReadOnlyList<SessionStatus>> ListSessions(RelayClientOptions at, CancellationToken cancellationToken);

/// <summary>Asks how one session stands; <c>null</c> when there is none. A seam for tests.</summary>
internal delegate Task<SessionStatus?> FindSession(RelayClientOptions at, string session, CancellationToken cancellationToken);

/// <summary>What a tail needs of the world beside its streams: a relay, a clock, environment variables.</summary>
internal sealed record TailRelay(OpenLog Open, ListSessions List, FindSession Find)
{
    public TimeProvider Time { get; init; } = TimeProvider.System;

    public Func<string, string?> Environment { get; init; } = System.Environment.GetEnvironmentVariable;
}
