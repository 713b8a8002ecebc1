using System.CommandLine;
using System.Reflection;
using Relay.Terminal;

namespace Relay.Cli.Completion;

/// <summary><c>relay completion bash|zsh</c>: prints the script that teaches a shell to complete <c>relay</c>.</summary>
internal static class CompletionCommand
{
    public static Command Create(StandardStreams streams)
    {
        var shell = new Argument<string>("SHELL") { Description = "bash or zsh." };
        shell.AcceptOnlyFromAmong("bash", "zsh");
        var command = new Command("completion", """
            Prints a script that completes commands, options, their values, and the ids of sessions.
            For the ids it asks the relay of --url or $RELAY_URL, and gives up after a second.

            Examples:
              source <(relay completion bash)                        this shell; in ~/.bashrc for all
              relay completion zsh > "${fpath[1]}/_relay"            for zsh, before compinit
            """)
        {
            shell,
        };
        command.SetAction(parsed =>
        {
            using var script = Assembly.GetExecutingAssembly().GetManifestResourceStream($"completion.{parsed.GetRequiredValue(shell)}")!;
            script.CopyTo(streams.Out);
            return ExitCode.Ok;
        });
        return command;
    }
}
