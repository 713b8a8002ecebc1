using System.CommandLine;
using System.Text.Json;
using Relay.Cli.Tables;
using Relay.Contracts;
using Relay.Terminal;

namespace Relay.Cli.Sessions;

/// <summary><c>relay sessions</c>.</summary>
internal static class SessionsCommand
{
    public static Command Create(StandardStreams streams)
    {
        var globs = new Argument<string[]>("GLOB") { Description = "Only sessions whose id matches one of these; '*' and '?' as in a shell.", Arity = ArgumentArity.ZeroOrMore };
        var url = RelayUrl.CreateOption();
        var ca = RelayAuthorities.CreateOption();
        var watch = new Option<bool>("--watch") { Description = "Go on: redraw on a terminal, a line for each change elsewhere." };
        var json = new Option<bool>("--json") { Description = "One JSON document on each line, as GET /logging_session/ID answers it." };
        var labels = LabelOption.Create("Only sessions with this label. May be given many times; all must match.");
        var state = new Option<string?>("--state") { Description = "Only live sessions, or only completed ones." };
        state.AcceptOnlyFromAmong("live", "completed");

        var command = new Command("sessions", $"""
            Lists the relay's sessions, newest first.

            STATE is 'waiting' before the first writer, 'writing' while one is connected, 'left' when it went without completing,
            'exit:N' after the job, or 'completed' if it had no exit code. In a pipe, sizes are bytes and times are UTC.

            Examples:
              relay sessions
              relay sessions 'nightly-*' --state live --watch
              relay sessions --label team=data --json | jq -r .session_id

            {ExitCode.ShortHelp}
            """)
        {
            globs, url, ca, watch, json, labels, state,
        };
        command.SetAction((parsed, cancellationToken) =>
        {
            var filter = new SessionFilter(parsed.GetValue(globs) ?? [], LabelOption.ToPairs(parsed.GetValue(labels)), parsed.GetValue(state));
            var time = TimeProvider.System;
            return new RelayCall(streams, RelayConnection.To(parsed, url, ca), time).RunAsync(
                async client =>
                {
                    var query = new SessionsQuery(client, filter);
                    if (parsed.GetValue(watch))
                    {
                        ISessionsView view = streams.OutIsTerminal && !parsed.GetValue(json)
                            ? new SessionsScreen(streams, time, TerminalSize.Now)
                            : new SessionsChanges(streams, parsed.GetValue(json));
                        await new SessionsWatch(query, view, time).RunAsync(cancellationToken);
                    }

                    Print(streams, await query.RunAsync(cancellationToken), parsed.GetValue(json), time);
                    return ExitCode.Ok;
                },
                cancellationToken);
        });
        return command;
    }

    private static void Print(StandardStreams streams, IReadOnlyList<SessionStatus> sessions, bool json, TimeProvider time)
    {
        var lines = json
            ? sessions.Select(session => JsonSerializer.Serialize(session))
            : SessionRow.Table(sessions, streams.OutIsTerminal, time).Lines(streams.OutIsTerminal ? TerminalSize.Now().Columns : null);
        foreach (var line in lines)
        {
            RelayCall.Print(streams, line);
        }
    }
}
