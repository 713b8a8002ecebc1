using Relay.Contracts;
using Relay.Server.Security;
using Relay.Server.Sessions;
using Relay.Server.Storage;

namespace Relay.Server.Streaming;

/// <summary>Lets writers in, whatever their transport: each with its lease, its masks and its pace.</summary>
internal sealed class WriterAdmission(PresencePublisher presence, LogRedaction redaction, WriterPaces paces)
{
    /// <summary>Takes the lease.</summary>
    /// <param name="session">The session.</param>
    /// <param name="request">Who wants to write what.</param>
    /// <param name="cancellationToken">Ends with the writer's stay: it also ends a wait for its pace.</param>
    /// <exception cref="RelayException">It is refused.</exception>
    public async Task<WriterConnection> OpenAsync(Session session, LeaseRequest request, CancellationToken cancellationToken)
    {
        var lease = await session.Log.AcquireAsync(request with { IsMasked = redaction.IsOn }, cancellationToken);
        session.Touch();
        if (session.Log.Snapshot().Completion is null)
        {
            foreach (var output in lease.Outputs)
            {
                presence.Publish(PresenceKind.WriterConnected, session.Log, output);
            }
        }

        return new WriterConnection(session, lease, presence, redaction, paces.Next(cancellationToken));
    }
}
