using System.Globalization;
using Relay.Contracts;

namespace Relay.Client.Sessions;

/// <summary>A search as a path and a query.</summary>
internal static class SearchRoute
{
    public static string Of(SearchRequest request)
    {
        SessionIds.ThrowIfInvalid(request.Session);
        var query = new List<string> { $"q={Uri.EscapeDataString(request.Pattern)}", $"limit={request.Limit.ToString(CultureInfo.InvariantCulture)}" };
        Add(request.IsRegex, "regex=true");
        Add(request.MatchCase, "case=true");
        Add(request.Backwards, "backwards=true");
        Add(request.MinLevel != LineLevel.None, $"level={request.MinLevel.ToString().ToLowerInvariant()}");
        Add(request.From >= 0, $"from={request.From.ToString(CultureInfo.InvariantCulture)}");
        Add(request.Outputs.Count == 1, $"output={(request.Outputs.Count == 1 ? request.Outputs[0].ToName() : "")}");
        return $"logs/{Uri.EscapeDataString(request.Session)}/search?{string.Join('&', query)}";

        void Add(bool isGiven, string parameter)
        {
            if (isGiven)
            {
                query.Add(parameter);
            }
        }
    }
}
