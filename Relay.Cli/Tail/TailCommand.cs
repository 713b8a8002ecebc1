using System.CommandLine;
using Relay.Client;
using Relay.Contracts;
using Relay.Terminal;

namespace Relay.Cli.Tail;

/// <summary><c>relay tail SESSION</c>.</summary>
internal static class TailCommand
{
    private static readonly TimeSpan FirstConnectTimeout = TimeSpan.FromSeconds(5);

    public static Command Create(StandardStreams streams, OpenLog openLog)
    {
        var session = new Argument<string>("SESSION") { Description = "The session's id." };
        var url = RelayUrl.CreateOption();
        var output = new Option<string>("--output") { Description = "What to show: stdout, stderr or both.", DefaultValueFactory = _ => "both" };
        output.AcceptOnlyFromAmong("stdout", "stderr", "both");
        var wait = new Option<bool>("--wait") { Description = "Wait for a session that does not exist yet, and for a relay that is not there yet." };
        var noFollow = new Option<bool>("--no-follow") { Description = "Show what there is and stop." };

        var command = new Command("tail", $"""
            Shows a session's log, live: its stdout on stdout, its stderr on stderr, byte for byte.
            It reconnects by itself, shows each byte once, and ends when the job has completed.

            {ExitCode.Help}
            """)
        {
            session, url, output, wait, noFollow,
        };
        command.SetAction(async (parsed, cancellationToken) =>
        {
            var address = new Uri(parsed.GetRequiredValue(url));
            var options = new ReadOptions
            {
                Outputs = OutputTypes.TryParse(parsed.GetValue(output), out var one) ? [one] : [],
                Follow = !parsed.GetValue(noFollow),
                WaitForSession = parsed.GetValue(wait),
                FirstConnectTimeout = parsed.GetValue(wait) ? null : FirstConnectTimeout,
            };
            var tail = new TailRun(streams, (settings, token) => openLog(address, parsed.GetRequiredValue(session), settings, token));
            return await tail.RunAsync(options, cancellationToken);
        });
        return command;
    }
}

/// <summary>Opens a session's log for reading; a seam for tests.</summary>
internal delegate IAsyncEnumerable<LogBatch> OpenLog(Uri url, string session, ReadOptions options, CancellationToken cancellationToken);
