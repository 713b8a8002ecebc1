using Relay.Client;
using Relay.Contracts;
using Relay.Terminal;

namespace Relay.Cli.Completion;

/// <summary>The ids of a relay's sessions, for a person who waits with a finger on the tab key: soon, or none.</summary>
internal static class SessionIdsAt
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(1);

    public static async Task<IEnumerable<string>> AskAsync(RelayClientOptions relay, CancellationToken cancellationToken)
    {
        using var patience = new CancellationTokenSource(Patience, TimeProvider.System);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, patience.Token);
        try
        {
            using var client = new RelayClient(relay);
            return (await client.ListSessionsAsync(either.Token)).Select(session => session.SessionId);
        }
        catch (Exception e) when (e is RelayException or OperationCanceledException or ArgumentException or UriFormatException)
        {
            return []; // A completion that fails says nothing: it would land in the middle of the command line.
        }
    }
}
