using System.CommandLine;
using Relay.Contracts;
using Relay.Terminal;
using Relay.Writer.Delivering;

namespace Relay.Writer.Pipe;

/// <summary><c>relay-writer pipe --session ID</c>.</summary>
internal static class PipeCommand
{
    public static Command Create(StandardStreams streams)
    {
        var settings = new DeliverySettings();
        var output = new Option<string>("--output") { Description = "The output that stdin is: stdout or stderr.", DefaultValueFactory = _ => "stdout" };
        output.AcceptOnlyFromAmong(OutputTypes.All.Select(type => type.ToName()).ToArray());
        var complete = new Option<bool>("--complete")
        {
            Description = "At the end of stdin, report the end of the session. Without it other writers may go on; if none does, readers end 5 s later.",
        };
        var command = new Command("pipe", """
            Writes its stdin to an output of a session, and on to its stdout, untouched.

              make 2>&1 | relay-writer pipe --session build --complete

            What the relay has not stored yet waits in a spool on disk, as with 'run'. On TERM, INT or HUP it takes what the pipe still holds and
            ends.

            Exit codes: 0 at the end of stdin, whatever became of the log; 141 when nobody reads stdout any more; 128 + N after signal N; 2 for a
            wrong command line.
            """)
        {
            output, complete,
        };
        settings.AddTo(command);
        command.SetAction((parsed, _) =>
        {
            var type = OutputTypes.TryParse(parsed.GetValue(output), out var one) ? one : OutputType.Stdout;
            var options = new PipeOptions(settings.Read(parsed) with { Outputs = [type] }, type, parsed.GetValue(complete));
            return new PipeRun(streams, options, TimeProvider.System).RunAsync();
        });
        return command;
    }
}

/// <summary>What <c>relay-writer pipe</c> was asked to do.</summary>
/// <param name="Delivery">Where to.</param>
/// <param name="Output">What stdin is.</param>
/// <param name="Complete">Whether to report the end.</param>
internal sealed record PipeOptions(DeliveryOptions Delivery, OutputType Output, bool Complete);
