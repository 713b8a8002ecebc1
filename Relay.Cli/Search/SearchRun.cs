using Relay.Client;
using Relay.Contracts;

namespace Relay.Cli.Search;

/// <summary>One run of <c>relay search</c>: a search of the relay takes a limited time, and is asked for again until all is searched.</summary>
internal sealed class SearchRun(RelayClient client, SearchRequest request, ISearchView view)
{
    /// <summary>What one answer may hold: what is found early is shown while the rest is searched.</summary>
    private const int MatchesAtATime = 1000;

    public async Task<int> RunAsync(CancellationToken cancellationToken)
    {
        var (from, found) = (request.From, 0);
        while (true)
        {
            var limit = Math.Min(request.Limit - found, MatchesAtATime);
            var answer = await client.SearchAsync(request with { From = from, Limit = limit }, cancellationToken);
            foreach (var match in answer.Matches)
            {
                view.Show(match);
            }

            (from, found) = (answer.Next, found + answer.Matches.Count);
            if (found >= request.Limit || answer.End == "complete" || (request.Backwards && from == 0))
            {
                view.End(found);
                return found > 0 ? ExitCode.Ok : ExitCode.NothingFound;
            }
        }
    }
}
