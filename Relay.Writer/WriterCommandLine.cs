using System.CommandLine;
using Relay.Terminal;
using Relay.Writer.Follow;
using Relay.Writer.Pipe;
using Relay.Writer.Recover;
using Relay.Writer.Run;

namespace Relay.Writer;

/// <summary>The command line of <c>relay-writer</c>, with its world injected.</summary>
internal static class WriterCommandLine
{
    public const string Tool = "relay-writer";

    public static Task<int> RunAsync(IReadOnlyList<string> args, StandardStreams streams, CancellationToken cancellationToken)
    {
        var root = new RootCommand("Writes a job's output to a SparkLogRelay.")
        {
            RunCommand.Create(streams), PipeCommand.Create(streams), FollowCommand.Create(streams), RecoverCommand.Create(streams),
        };
        return Invocation.RunAsync(Tool, root, args, streams, cancellationToken);
    }
}
