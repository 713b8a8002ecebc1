using System.CommandLine;
using System.Runtime.CompilerServices;
using Relay.Cli.Tail;
using Relay.Client;
using Relay.Contracts;
using Relay.Terminal;

namespace Relay.Cli;

/// <summary>The command line of <c>relay</c>, with its world injected.</summary>
internal static class CommandLine
{
    public static Task<int> RunAsync(IReadOnlyList<string> args, StandardStreams streams, OpenLog openLog, CancellationToken cancellationToken)
    {
        var root = new RootCommand("Follows job logs on a SparkLogRelay.") { TailCommand.Create(streams, openLog) };
        return Invocation.RunAsync("relay", root, args, streams, cancellationToken);
    }

    /// <summary>Reads from a real relay.</summary>
    public static async IAsyncEnumerable<LogBatch> OpenLog(
        Uri url, string session, ReadOptions options, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        using var client = new RelayClient(new RelayClientOptions { Url = url, ConnectTimeout = TimeSpan.FromSeconds(5) });
        await foreach (var batch in client.ReadBatchesAsync(session, options, cancellationToken))
        {
            yield return batch;
        }
    }
}
