using System.CommandLine;
using System.CommandLine.Parsing;

namespace Relay.Terminal;

/// <summary>How <c>relay</c> and <c>relay-writer</c> answer a command line: one line per mistake, exit code 2.</summary>
internal static class Invocation
{
    public const int UsageError = 2;

    public static async Task<int> RunAsync(
        string tool, RootCommand root, IReadOnlyList<string> args, StandardStreams streams, CancellationToken cancellationToken)
    {
        // An argument that begins with '@' is the job's business, not a file of ours.
        var parsed = root.Parse(args, new ParserConfiguration { ResponseFileTokenReplacer = null });
        var mistakes = Mistakes(root, parsed);
        if (mistakes.Count > 0)
        {
            foreach (var mistake in mistakes)
            {
                streams.Say(tool, mistake);
            }

            streams.Say(tool, $"'{tool} --help' shows how it is used.");
            return UsageError;
        }

        if (parsed.CommandResult.Command == root)
        {
            ShortenDescriptions(root);
        }

        await using var output = new StreamWriter(streams.Out, leaveOpen: true) { AutoFlush = true };
        await using var error = new StreamWriter(streams.Error, leaveOpen: true) { AutoFlush = true };
        var configuration = new InvocationConfiguration
        {
            Output = output,
            Error = error,
            EnableDefaultExceptionHandler = false,
            ProcessTerminationTimeout = null, // Signals are the commands' own.
        };
        return await parsed.InvokeAsync(configuration, cancellationToken);
    }

    private static IReadOnlyList<string> Mistakes(RootCommand root, ParseResult parsed) =>
        parsed.Errors.Count > 0 && UnknownCommand.Describe(root, parsed) is { } unknown
            ? [unknown]
            : [.. parsed.Errors.Select(mistake => OneLine(mistake.Message)), .. UnknownOptions(parsed)];

    private static string OneLine(string message) => string.Join(' ', message.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries));

    /// <summary>A mistyped option would pass for an argument, such as the name of a session to be deleted. Behind '--' it is one.</summary>
    private static IEnumerable<string> UnknownOptions(ParseResult parsed)
    {
        var command = parsed.CommandResult;
        var options = parsed.Tokens.TakeWhile(token => token.Type != TokenType.DoubleDash).ToHashSet();
        return command.Children.OfType<ArgumentResult>().SelectMany(argument => argument.Tokens)
            .Where(token => token.Value is ['-', _, ..] && options.Contains(token))
            .Select(token => $"'{token.Value}' is not an option of {command.Command.Name}. What begins with '-' and is none stands behind '--'.");
    }

    /// <summary>The list of all commands has room for a sentence on each; the rest is told by the command's own help.</summary>
    private static void ShortenDescriptions(RootCommand root)
    {
        foreach (var command in root.Subcommands)
        {
            var text = (command.Description ?? "").ReplaceLineEndings(" ");
            command.Description = text.IndexOf(". ", StringComparison.Ordinal) is > 0 and var end ? text[..(end + 1)] : text;
        }
    }
}
