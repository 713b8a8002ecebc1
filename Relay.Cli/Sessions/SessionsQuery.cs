using Relay.Client;
using Relay.Contracts;

namespace Relay.Cli.Sessions;

/// <summary>Asks the relay for the sessions that a filter lets pass, newest first.</summary>
internal sealed class SessionsQuery(RelayClient client, SessionFilter filter)
{
    public async Task<IReadOnlyList<SessionStatus>> RunAsync(CancellationToken cancellationToken) =>
        [.. (await client.ListSessionsAsync(cancellationToken)).Where(filter.Matches)];
}
