using System.Text;
using Relay.Cli;
using Relay.Terminal;
using Relay.Tests.TestKit;

namespace Relay.Tests.Cli;

/// <summary><c>relay</c> in this process, against a real relay: what it printed, and how it ended.</summary>
internal sealed record InMemoryCli(int ExitCode, string Out, string Error)
{
    public string[] Lines => Out.Split('\n', StringSplitOptions.RemoveEmptyEntries);

    public static Task<InMemoryCli> RunAsync(Uri relay, params string[] args) => RunAsync([.. args, "--url", relay.AbsoluteUri]);

    public static async Task<InMemoryCli> RunAsync(params string[] args)
    {
        using var output = new MemoryStream();
        using var error = new MemoryStream();
        var streams = new StandardStreams(output, error, ErrorIsTerminal: false);
        var exitCode = await Eventually.Done(
            CommandLine.RunAsync(args, streams, CommandLine.Relay, CancellationToken.None), $"'relay {string.Join(' ', args)}' ends");
        return new InMemoryCli(exitCode, Encoding.UTF8.GetString(output.ToArray()), Encoding.UTF8.GetString(error.ToArray()));
    }
}
