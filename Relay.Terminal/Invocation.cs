using System.CommandLine;

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
        if (parsed.Errors.Count > 0)
        {
            foreach (var mistake in parsed.Errors)
            {
                streams.Say(tool, mistake.Message);
            }

            streams.Say(tool, $"'{tool} --help' shows how it is used.");
            return UsageError;
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
}
