using System.CommandLine;
using Relay.Cli.Tables;
using Relay.Client;
using Relay.Contracts;
using Relay.Terminal;

namespace Relay.Cli.Sessions;

/// <summary><c>relay delete SESSION…</c>.</summary>
internal static class DeleteCommand
{
    public static Command Create(StandardStreams streams)
    {
        var sessions = SessionArgument.CreateMany();
        var url = RelayUrl.CreateOption();
        var ca = RelayAuthorities.CreateOption();

        var command = new Command("delete", $"""
            Deletes sessions and their logs, at once and without asking. Readers are told, writers are refused.
            Each session is tried; with several failures the exit code is the first of the list below that occurred.

            Examples:
              relay delete nightly
              relay delete nightly-1 nightly-2
              relay sessions 'test-*' --state completed --json | jq -r .session_id | xargs -rd '\n' relay delete

            {ExitCode.ShortHelp}
            """)
        {
            sessions, url, ca,
        };
        command.SetAction((parsed, cancellationToken) =>
            new RelayCall(streams, RelayConnection.To(parsed, url, ca), TimeProvider.System).RunAsync(
                client => DeleteAsync(client, streams, parsed.GetRequiredValue(sessions), cancellationToken), cancellationToken));
        return command;
    }

    private static async Task<int> DeleteAsync(RelayClient client, StandardStreams streams, IEnumerable<string> ids, CancellationToken cancellationToken)
    {
        var failures = new SortedSet<int>();
        foreach (var id in ids.Distinct(StringComparer.Ordinal))
        {
            try
            {
                await client.DeleteSessionAsync(id, cancellationToken);
                RelayCall.Print(streams, $"{PlainText.Escape(id)}: deleted");
            }
            catch (RelayException failure)
            {
                RelayCall.Say(streams, $"{id}: {failure.Message}");
                failures.Add(ExitCode.Of(failure));
            }
        }

        return failures.Count > 0 ? failures.Min : ExitCode.Ok;
    }
}
