using System.CommandLine;
using System.Runtime.CompilerServices;
using Relay.Cli.Completion;
using Relay.Cli.Search;
using Relay.Cli.Sessions;
using Relay.Cli.Tail;
using Relay.Cli.Tail.Reading;
using Relay.Cli.Verify;
using Relay.Client;
using Relay.Contracts;
using Relay.Terminal;

namespace Relay.Cli;

/// <summary>The command line of <c>relay</c>, with its world injected.</summary>
internal static class CommandLine
{
    public static Task<int> RunAsync(IReadOnlyList<string> args, StandardStreams streams, TailRelay relay, CancellationToken cancellationToken)
    {
        var root = new RootCommand("Follows job logs on a SparkLogRelay.")
        {
            TailCommand.Create(streams, relay),
            SearchCommand.Create(streams),
            SessionsCommand.Create(streams),
            CreateCommand.Create(streams),
            DeleteCommand.Create(streams),
            VerifyCommand.Create(streams),
            CompletionCommand.Create(streams),
        };
        root.Add(CompleteCommand.Create(root, streams));
        return Invocation.RunAsync("relay", root, args, streams, cancellationToken);
    }

    /// <summary>A real relay.</summary>
    public static TailRelay Relay { get; } = new(OpenLog, ListAsync, FindAsync);

    private static async IAsyncEnumerable<LogBatch> OpenLog(
        RelayClientOptions at, string session, ReadOptions options, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        using var client = Connect(at);
        await foreach (var batch in client.ReadBatchesAsync(session, options, cancellationToken))
        {
            yield return batch;
        }
    }

    private static async Task<IReadOnlyList<SessionStatus>> ListAsync(RelayClientOptions at, CancellationToken cancellationToken)
    {
        using var client = Connect(at);
        return await client.ListSessionsAsync(cancellationToken);
    }

    private static async Task<SessionStatus?> FindAsync(RelayClientOptions at, string session, CancellationToken cancellationToken)
    {
        using var client = Connect(at);
        return await client.GetSessionAsync(session, cancellationToken);
    }

    private static RelayClient Connect(RelayClientOptions at) => new(at with { ConnectTimeout = TimeSpan.FromSeconds(5) });
}
