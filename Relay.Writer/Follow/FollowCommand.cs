using System.CommandLine;
using Relay.Contracts;
using Relay.Terminal;
using Relay.Writer.Delivering;

namespace Relay.Writer.Follow;

/// <summary><c>relay-writer follow --session ID --stdout FILE --stderr FILE</c>.</summary>
internal static class FollowCommand
{
    public static Command Create(StandardStreams streams)
    {
        var settings = new DeliverySettings();
        var stdout = FileOption("--stdout", "The file that the job's stdout goes to.");
        var stderr = FileOption("--stderr", "The file that the job's stderr goes to.");
        var process = new Option<int?>("--until-pid") { Description = "End, and complete the session, when this process has ended.", HelpName = "PID" };
        process.Validators.Add(result =>
        {
            if (result.Tokens is [var token] && !(int.TryParse(token.Value, out var id) && id > 0))
            {
                result.AddError($"--until-pid must be the number of a process, from 1; it is '{token.Value}'.");
            }
        });
        var exitCode = new Option<string?>("--exit-code-file") { Description = "When the session is completed: a file that holds the job's exit code.", HelpName = "FILE" };
        var complete = new Option<bool>("--complete") { Description = "Complete the session on a signal, too. Without it, it stays open for another start." };
        var command = new Command("follow", """
            Follows files that a job writes, by their names, into the outputs of a session: through late creation, rotation and truncation. It
            remembers how far it came, so another start goes on there.

            It ends on TERM, INT or HUP, or when the process of --until-pid has ended, after it has read and delivered what is there; a second signal
            ends it at once. The order between the two outputs is that in which it saw them.

            Exit codes: 0 when all that was read is delivered; 1 when some is not, which is kept and named; 100 when the relay refused the log; 2 for a
            wrong command line.
            """)
        {
            stdout, stderr, process, exitCode, complete,
        };
        settings.AddTo(command, canDrop: false);
        command.Validators.Add(result =>
        {
            if (result.GetResult(stdout) is null && result.GetResult(stderr) is null)
            {
                result.AddError("follow needs --stdout FILE, --stderr FILE or both.");
            }
            else if (result.GetResult(stdout)?.Tokens is [{ Value: { Length: > 0 } one }] && result.GetResult(stderr)?.Tokens is [{ Value: { Length: > 0 } other }]
                && IsSame(one, other))
            {
                result.AddError($"--stdout and --stderr are the same file, {one}; give it once.");
            }
        });
        command.SetAction((parsed, _) =>
        {
            var options = new FollowOptions
            {
                Delivery = settings.Read(parsed),
                Files = new[] { (Output: OutputType.Stdout, File: parsed.GetValue(stdout)), (Output: OutputType.Stderr, File: parsed.GetValue(stderr)) }
                    .Where(pair => pair.File is not null)
                    .ToDictionary(pair => pair.Output, pair => Path.GetFullPath(pair.File!)),
                UntilProcess = parsed.GetValue(process),
                ExitCodeFile = parsed.GetValue(exitCode),
                Complete = parsed.GetValue(complete),
                Pace = new FollowPace(TimeProvider.System),
            };
            return new FollowRun(streams, options).RunAsync();
        });
        return command;
    }

    private static Option<string?> FileOption(string name, string description)
    {
        var option = new Option<string?>(name) { Description = description, HelpName = "FILE" };
        option.Validators.Add(result =>
        {
            if (result.Tokens is not [{ Value: { Length: > 0 } file }])
            {
                result.AddError($"{name} must name a file.");
            }
            else if (FileStatus.Of(Path.GetFullPath(file)) is { Kind: not FileKind.Regular and var kind })
            {
                result.AddError(kind == FileKind.Directory
                    ? $"{name} must name a file; {file} is a folder."
                    : $"{name} must name a regular file; {file} is none. What comes through a pipe is for 'relay-writer pipe'.");
            }
        });
        return option;
    }

    private static bool IsSame(string one, string other) =>
        Path.GetFullPath(one) == Path.GetFullPath(other)
        || (FileStatus.Of(one) is { } first && FileStatus.Of(other) is { } second && first.Identity == second.Identity);
}
