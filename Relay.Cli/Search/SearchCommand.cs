using System.CommandLine;
using Relay.Cli.Sessions;
using Relay.Contracts;
using Relay.Terminal;

namespace Relay.Cli.Search;

/// <summary><c>relay search SESSION PATTERN</c>.</summary>
internal static class SearchCommand
{
    public static Command Create(StandardStreams streams)
    {
        var session = SessionArgument.CreateOne();
        var pattern = new Argument<string?>("PATTERN") { Description = "What a line must have. May be left out with --level.", Arity = ArgumentArity.ZeroOrOne };
        var url = RelayUrl.CreateOption();
        var ca = RelayAuthorities.CreateOption();
        var regex = new Option<bool>("--regex", "-E") { Description = "PATTERN is a regular expression (.NET's, without look-around and back references)." };
        var ignoreCase = new Option<bool>("--ignore-case", "-i") { Description = "Capitals and small letters are the same." };
        var level = new Option<string?>("--level") { Description = "Only lines that say they are at least so bad: log4j's, Python's, Serilog's and JSON's levels are known." };
        level.AcceptOnlyFromAmong(Enum.GetValues<LineLevel>().Skip(1).Select(one => one.ToString().ToLowerInvariant()).ToArray());
        var output = new Option<string?>("--output") { Description = "Only this output: stdout or stderr." };
        output.AcceptOnlyFromAmong(OutputTypes.All.Select(type => type.ToName()).ToArray());
        var last = new Option<bool>("--last") { Description = "From the end to the beginning: the newest match first." };
        var limit = new Option<int?>("--limit", "-m") { Description = "Stop after so many matches.", HelpName = "N" };
        limit.Validators.Add(result =>
        {
            if (result.Tokens is [var token] && !(int.TryParse(token.Value, out var count) && count >= 1))
            {
                result.AddError($"--limit must be a whole number from 1; it is '{token.Value}'.");
            }
        });
        var counts = new Option<bool>("--count") { Description = "Only how many there are." };
        var json = new Option<bool>("--json") { Description = "One JSON object on each line." };

        var command = new Command("search", """
            Searches all that the relay has of a session's log, where it is, and prints the lines that match with their numbers.
            Nothing is waited for: 'relay tail --grep' follows a log.

            Examples:
              relay search nightly 'lost executor' -i
              relay search nightly -E 'stage \d+\.\d+ failed' --limit 1
              relay search nightly --level error --last -m 20
              relay search nightly OutOfMemory --count

            Exit codes:
                0  found
                1  no line matches
                2  wrong command line, or PATTERN is no regular expression
              100  refused by the relay; the message says why
              103  no relay could be reached
              104  no such session
              110  the session was deleted or expired
              130  interrupted          141  nobody reads the output          143  terminated
            """)
        {
            session, pattern, url, ca, regex, ignoreCase, level, output, last, limit, counts, json,
        };
        command.Validators.Add(result =>
        {
            if (string.IsNullOrEmpty(result.GetValue(pattern)) && result.GetValue(level) is null)
            {
                result.AddError("There is nothing to search for: give a PATTERN, a --level, or both.");
            }
        });
        command.SetAction((parsed, cancellationToken) =>
        {
            var request = new SearchRequest
            {
                Session = parsed.GetRequiredValue(session),
                Outputs = OutputTypes.TryParse(parsed.GetValue(output), out var one) ? [one] : [],
                Pattern = parsed.GetValue(pattern) ?? "",
                IsRegex = parsed.GetValue(regex),
                MatchCase = !parsed.GetValue(ignoreCase),
                MinLevel = Enum.TryParse<LineLevel>(parsed.GetValue(level), ignoreCase: true, out var least) ? least : LineLevel.None,
                From = parsed.GetValue(last) ? -1 : 0,
                Backwards = parsed.GetValue(last),
                Limit = parsed.GetValue(limit) ?? int.MaxValue,
            };
            ISearchView view = parsed.GetValue(counts) ? new MatchCount(streams, parsed.GetValue(json))
                : parsed.GetValue(json) ? new MatchDocuments(streams)
                : new MatchLines(streams, request.Outputs.Count == 0);
            return new RelayCall(streams, RelayConnection.To(parsed, url, ca), TimeProvider.System).RunAsync(
                client => new SearchRun(client, request, view).RunAsync(cancellationToken), cancellationToken);
        });
        return command;
    }
}
