using System.CommandLine;
using Relay.Terminal;
using Relay.Writer.Delivering;

namespace Relay.Writer.Run;

/// <summary><c>relay-writer run --session ID -- COMMAND…</c>.</summary>
internal static class RunCommand
{
    public static Command Create(StandardStreams streams)
    {
        var settings = new DeliverySettings();
        var replace = new Option<bool>("--replace") { Description = "Delete the session first, if it exists: the job runs again under the same id." };
        var pty = new Option<bool>("--pty")
        {
            Description = "Give COMMAND terminals for its stdout and stderr: for programs that colour or flush only there. Linux only.",
        };
        pty.Validators.Add(result =>
        {
            if (!OperatingSystem.IsLinux())
            {
                result.AddError("--pty works on Linux only. Without it the command's outputs are pipes.");
            }
        });
        var job = new Argument<string[]>("COMMAND")
        {
            Description = "The command and its arguments, behind '--'.",
            Arity = ArgumentArity.OneOrMore,
            CaptureRemainingTokens = true,
        };

        job.Validators.Add(result =>
        {
            if (result.Tokens is [{ Value: ['-', ..] option }, ..])
            {
                result.AddError($"'{option}' is not an option of run. COMMAND stands behind '--'.");
            }
        });

        var command = new Command("run", """
            Runs COMMAND and writes its stdout and stderr to a session while passing both through, untouched.

            The command starts at once, relay or no relay. A relay that is away is tried for ever; what it has not stored yet waits in a spool
            on disk, which outlives this process: 'relay-writer recover', or the next run, delivers what was left. Stdin is the command's; TERM,
            HUP, INT, QUIT, USR1 and USR2 are forwarded to it. When it has ended, output that background processes hold open is waited for 3 s at
            most.

            Exit codes: the command's own (128 + N when signal N killed it), whatever became of the log; 127 when there is no such command,
            126 when it cannot be executed, 2 for a wrong command line.
            """)
        {
            replace, pty, job,
        };
        settings.AddTo(command);
        command.SetAction((parsed, _) =>
        {
            var options = new RunOptions
            {
                Delivery = settings.Read(parsed) with { Replace = parsed.GetValue(replace) },
                Pty = parsed.GetValue(pty),
                Command = parsed.GetRequiredValue(job),
            };
            return new JobRun(streams, options, TimeProvider.System).RunAsync();
        });
        return command;
    }
}
