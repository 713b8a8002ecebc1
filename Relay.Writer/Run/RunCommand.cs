using System.CommandLine;
using Relay.Contracts;
using Relay.Terminal;

namespace Relay.Writer.Run;

/// <summary><c>relay-writer run --session ID -- COMMAND…</c>.</summary>
internal static class RunCommand
{
    public static Command Create(StandardStreams streams)
    {
        var session = new Option<string>("--session") { Description = "The session's id; it is created if it is missing.", Required = true };
        session.Validators.Add(result =>
        {
            if (!SessionIds.IsValid(result.GetValueOrDefault<string>(), out var problem))
            {
                result.AddError(problem);
            }
        });
        var url = RelayUrl.CreateOption();
        var labels = new Option<string[]>("--label")
        {
            Description = "A label of the session. May be given many times.",
            HelpName = "NAME=VALUE",
        };
        labels.Validators.Add(result =>
        {
            foreach (var label in (result.GetValueOrDefault<string[]>() ?? []).Where(label => label.IndexOf('=', StringComparison.Ordinal) < 1))
            {
                result.AddError($"--label must be NAME=VALUE; it is '{label}'.");
            }
        });
        var flushTimeout = new Option<TimeSpan>("--flush-timeout")
        {
            Description = "How long to go on delivering after the command ended, e.g. 30s, 500ms, 5m.",
            DefaultValueFactory = _ => TimeSpan.FromSeconds(30),
            CustomParser = Durations.Parse,
            HelpName = "TIME",
        };
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

            The command starts at once, relay or no relay. A relay that is away is tried for ever; what it has not stored yet waits in
            32 MiB of memory, and when that is full the command's output waits too. Stdin is the command's; TERM, HUP, INT, QUIT, USR1 and
            USR2 are forwarded to it. When it has ended, output that background processes hold open is waited for 3 s at most.

            Exit codes: the command's own (128 + N when signal N killed it), whatever became of the log; 127 when there is no such command,
            126 when it cannot be executed, 2 for a wrong command line.
            """)
        {
            session, url, labels, flushTimeout, job,
        };
        command.SetAction((parsed, _) =>
        {
            var options = new RunOptions
            {
                Session = parsed.GetRequiredValue(session),
                Url = new Uri(parsed.GetRequiredValue(url)),
                Labels = ToLabels(parsed.GetValue(labels) ?? []),
                FlushTimeout = parsed.GetValue(flushTimeout),
                Command = parsed.GetRequiredValue(job),
            };
            return new JobRun(streams, options, TimeProvider.System).RunAsync();
        });
        return command;
    }

    private static Dictionary<string, string>? ToLabels(string[] labels)
    {
        var pairs = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var label in labels)
        {
            var equals = label.IndexOf('=', StringComparison.Ordinal);
            pairs[label[..equals]] = label[(equals + 1)..];
        }

        return pairs.Count > 0 ? pairs : null;
    }
}
