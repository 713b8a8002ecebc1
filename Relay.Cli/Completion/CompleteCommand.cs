using System.CommandLine;
using Relay.Cli.Tables;
using Relay.Terminal;

namespace Relay.Cli.Completion;

/// <summary><c>relay complete -- WORDS…</c>, which only the completion scripts call: prints what may stand in the place of the last word.</summary>
internal static class CompleteCommand
{
    public static Command Create(RootCommand root, StandardStreams streams)
    {
        var words = new Argument<string[]>("WORDS") { Arity = ArgumentArity.ZeroOrMore, CaptureRemainingTokens = true };
        var command = new Command("complete", "Answers a shell that completes a command line.") { words };
        command.Hidden = true;
        command.SetAction(async (parsed, cancellationToken) =>
        {
            var line = new TypedLine(root, parsed.GetValue(words) ?? []);
            var candidates = !line.WantsSessions ? line.Candidates()
                : line.Relay is { } relay ? await SessionIdsAt.AskAsync(relay, cancellationToken)
                : [];
            foreach (var candidate in candidates.Where(PlainText.IsPlain).Where(line.Fits))
            {
                RelayCall.Print(streams, candidate);
            }

            return ExitCode.Ok;
        });
        return command;
    }
}
