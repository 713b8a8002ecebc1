using System.CommandLine;
using Relay.Cli.Tables;
using Relay.Contracts;
using Relay.Terminal;

namespace Relay.Cli.Sessions;

/// <summary><c>relay create SESSION</c>.</summary>
internal static class CreateCommand
{
    public static Command Create(StandardStreams streams)
    {
        var session = SessionArgument.CreateNew();
        var url = RelayUrl.CreateOption();
        var ca = RelayAuthorities.CreateOption();
        var labels = LabelOption.Create("A label of the session. May be given up to 32 times.");
        var ifMissing = new Option<bool>("--if-missing") { Description = "A session that exists already is no error; it keeps its own labels." };

        var command = new Command("create", $"""
            Creates a session, empty, for a writer to come. Its tokens are shown this once: who has the one may write to it, who has the
            other may read it, each as $RELAY_TOKEN.

            Examples:
              relay create nightly
              relay create nightly --label team=data --label branch=main
              relay create nightly --if-missing

            {ExitCode.ShortHelp}
            """)
        {
            session, url, ca, labels, ifMissing,
        };
        command.SetAction((parsed, cancellationToken) =>
        {
            var id = parsed.GetRequiredValue(session);
            var pairs = LabelOption.ToPairs(parsed.GetValue(labels));
            return new RelayCall(streams, RelayConnection.To(parsed, url, ca), TimeProvider.System).RunAsync(
                async client =>
                {
                    try
                    {
                        var tokens = await client.CreateSessionAsync(id, pairs.Count > 0 ? pairs : null, cancellationToken);
                        RelayCall.Print(streams, $"{PlainText.Escape(id)}: created");
                        if (tokens is not null)
                        {
                            RelayCall.Print(streams, $"write token: {PlainText.Escape(tokens.Write)}");
                            RelayCall.Print(streams, $"read token: {PlainText.Escape(tokens.Read)}");
                        }
                    }
                    catch (SessionExistsException) when (parsed.GetValue(ifMissing))
                    {
                        RelayCall.Print(streams, $"{PlainText.Escape(id)}: exists");
                    }

                    return ExitCode.Ok;
                },
                cancellationToken);
        });
        return command;
    }
}
