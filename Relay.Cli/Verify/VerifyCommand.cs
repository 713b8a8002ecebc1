using System.CommandLine;
using Relay.Cli.Sessions;
using Relay.Contracts;
using Relay.Terminal;

namespace Relay.Cli.Verify;

/// <summary><c>relay verify SESSION</c>.</summary>
internal static class VerifyCommand
{
    public static Command Create(StandardStreams streams)
    {
        var session = SessionArgument.CreateOne();
        var url = RelayUrl.CreateOption();
        var ca = RelayAuthorities.CreateOption();
        var output = new Option<string?>("--output") { Description = "Only this output: stdout or stderr. Default: both; with --against, stdout." };
        output.AcceptOnlyFromAmong(OutputTypes.All.Select(type => type.ToName()).ToArray());
        var against = new Option<string?>("--against") { Description = "Compare with this file, byte for byte.", HelpName = "FILE" };
        var wait = new Option<bool>("--wait") { Description = "Wait for the session's end first, and for the session and the relay if they are not there yet." };
        var json = new Option<bool>("--json") { Description = "One JSON object instead of a table." };

        var command = new Command("verify", """
            Proves that a session's log is complete, or tells what is missing.
            Reads it from its first byte and compares count and checksum (CRC-32C) of each output as the writer reported them, as the relay
            holds them, and as they arrive here. Missing bytes are listed exactly, with the reason.

            Examples:
              relay verify nightly
              relay verify nightly --wait --json
              relay verify nightly --against job.out
              relay verify nightly --output stderr --against job.err

            Exit codes:
                0  complete: writer, relay and this reader agree (and the file does)
                2  wrong command line, or FILE cannot be read
              100  refused by the relay; the message says why
              103  no relay could be reached
              104  no such session
              106  bytes are missing or not the same
              107  right so far, but the session has not completed
              108  relay and this reader agree, but the writer reported no totals that could prove it
              110  the session was deleted or expired
              130  interrupted          141  nobody reads the output          143  terminated
            """)
        {
            session, url, ca, output, against, wait, json,
        };
        command.SetAction((parsed, cancellationToken) =>
        {
            var request = new VerifyRequest(
                parsed.GetRequiredValue(session),
                OutputTypes.TryParse(parsed.GetValue(output), out var one) ? one : null,
                parsed.GetValue(against),
                parsed.GetValue(wait),
                parsed.GetValue(json));
            return new RelayCall(streams, RelayConnection.To(parsed, url, ca), TimeProvider.System).RunAsync(
                client => new VerifyRun(client, streams, request).RunAsync(cancellationToken), cancellationToken);
        });
        return command;
    }
}

/// <summary>What <c>relay verify</c> was asked to do.</summary>
internal sealed record VerifyRequest(string Session, OutputType? Output, string? Against, bool Wait, bool Json)
{
    public IReadOnlyList<OutputType> Outputs => Output is { } one ? [one] : Against is null ? OutputTypes.All : [OutputType.Stdout];
}
