using System.Text.Json;
using Relay.Cli.Tables;
using Relay.Contracts;
using Relay.Terminal;

namespace Relay.Cli.Search;

/// <summary>How what was found is shown.</summary>
internal interface ISearchView
{
    void Show(SearchMatch match);

    void End(int count);
}

/// <summary>A JSON object for each match, as <c>GET /logs/{id}/search</c> has it.</summary>
internal sealed class MatchDocuments(StandardStreams streams) : ISearchView
{
    public void Show(SearchMatch match) => RelayCall.Print(streams, JsonSerializer.Serialize(match));

    public void End(int count)
    {
    }
}

/// <summary>How many there are.</summary>
internal sealed class MatchCount(StandardStreams streams, bool json) : ISearchView
{
    public void Show(SearchMatch match)
    {
    }

    public void End(int count) => RelayCall.Print(streams, json ? JsonSerializer.Serialize(new { count }) : PlainText.Escape(count.ToString(System.Globalization.CultureInfo.InvariantCulture)));
}
