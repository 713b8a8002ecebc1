using System.Text;
using Relay.Contracts;
using Relay.Text;

namespace Relay.Server.Lines;

/// <summary>Makes one answer of a whole search.</summary>
internal static class SearchAnswers
{
    public static async Task<SearchAnswer> ToAnswerAsync(this IAsyncEnumerable<SearchBatch> batches)
    {
        List<SearchMatch> matches = [];
        var last = new SearchBatch();
        await foreach (var batch in batches)
        {
            matches.AddRange(batch.Lines.Select(ToMatch));
            last = batch;
        }

        return new SearchAnswer
        {
            Matches = matches,
            Searched = last.Searched,
            Total = last.Total,
            End = last.End.ToString().ToLowerInvariant(),
            Next = last.Next,
        };
    }

    private static SearchMatch ToMatch(PageEntry line) => new()
    {
        Line = line.Number + 1,
        Output = line.Output.ToName(),
        Offset = line.Offset,
        Time = DateTimeOffset.UnixEpoch.AddTicks(line.TimeMicros * TimeSpan.TicksPerMicrosecond),
        Level = LineLevels.Of(line.Head.Span) is var level and not LineLevel.None ? level.ToString().ToLowerInvariant() : null,
        Text = Encoding.UTF8.GetString(line.Head.Span),
        Omitted = line.Omitted + line.Tail.Length,
    };
}
