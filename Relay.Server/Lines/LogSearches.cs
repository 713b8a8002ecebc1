using Microsoft.Extensions.Options;
using Relay.Contracts;
using Relay.Server.Sessions;
using Relay.Server.Streaming;

namespace Relay.Server.Lines;

/// <summary>Begins searches.</summary>
internal sealed class LogSearches(SearchTurns turns, IOptions<LinesOptions> options, TimeProvider time)
{
    /// <exception cref="RelayException">The request is wrong.</exception>
    public IAsyncEnumerable<SearchBatch> Search(Session session, SearchRequest request, CancellationToken cancellationToken)
    {
        var outputs = HubRequests.ToOutputs(request);
        session.Touch();
        return new LogSearch(session.Log, request, outputs, turns, options.Value.SearchTime, time).RunAsync(cancellationToken);
    }
}
