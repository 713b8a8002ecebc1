using System.CommandLine;
using Relay.Cli.Tail.Reading;
using Relay.Client;
using Relay.Contracts;
using Relay.Terminal;

namespace Relay.Cli.Tail;

/// <summary><c>relay tail SESSION…</c>.</summary>
internal static class TailCommand
{
    private static readonly TimeSpan FirstConnectTimeout = TimeSpan.FromSeconds(5);

    public static Command Create(StandardStreams streams, TailRelay relay)
    {
        var sessions = new Argument<string[]>("SESSION")
        {
            Description = "The sessions' ids. With * and ? also those of sessions that are created later.",
            Arity = ArgumentArity.OneOrMore,
        };
        var url = RelayUrl.CreateOption();
        var ca = RelayAuthorities.CreateOption();
        var output = new Option<string>("--output") { Description = "What to show: stdout, stderr or both.", DefaultValueFactory = _ => "both" };
        output.AcceptOnlyFromAmong("stdout", "stderr", "both");
        var wait = new Option<bool>("--wait") { Description = "Wait for a session that does not exist yet, and for a relay that is not there yet." };
        var noFollow = new Option<bool>("--no-follow") { Description = "Show what there is and stop." };
        var start = new ReadStartOptions(relay.Time);
        var grep = new GrepOptions();
        var timestamps = new Option<bool>("--timestamps", "-t") { Description = "Put the time at which the relay stored it before each line (UTC)." };
        var prefix = new Option<bool>("--prefix")
        {
            Description = "Put the session before each line: 'NAME | ' on stdout, 'NAME ! ' on stderr. Several sessions have it always.",
        };
        var json = new Option<bool>("--json") { Description = "Print one JSON object for each line, gap and end, on stdout." };
        var raw = new Option<bool>("--raw") { Description = "Pass bytes to a terminal as they are, also those that control it." };
        var colour = new Option<string>("--color")
        {
            Description = "auto: on a terminal, unless NO_COLOR is set. always: also into a pipe, for less -R.",
            DefaultValueFactory = _ => "auto",
        };
        colour.AcceptOnlyFromAmong("auto", "always", "never");
        var noStatus = new Option<bool>("--no-status") { Description = "Show no status line on a terminal." };

        var command = new Command("tail", Help) { sessions, url, ca, output, wait, noFollow };
        start.AddTo(command);
        foreach (var option in new Option[] { timestamps, prefix })
        {
            command.Options.Add(option);
        }

        grep.AddTo(command);
        foreach (var option in new Option[] { json, raw, colour, noStatus })
        {
            command.Options.Add(option);
        }

        command.Validators.Add(result =>
        {
            if (result.GetValue(json) && (result.GetValue(timestamps) || result.GetValue(prefix)))
            {
                result.AddError("--json has times and sessions in its fields; --timestamps and --prefix cannot be given with it.");
            }
        });
        command.SetAction(async (parsed, cancellationToken) =>
        {
            var read = new ReadOptions
            {
                Outputs = OutputTypes.TryParse(parsed.GetValue(output), out var one) ? [one] : [],
                Follow = !parsed.GetValue(noFollow),
                WaitForSession = parsed.GetValue(wait),
                FirstConnectTimeout = parsed.GetValue(wait) ? null : FirstConnectTimeout,
            };
            var options = grep.Apply(parsed, new TailOptions
            {
                Relay = RelayConnection.To(parsed, url, ca),
                Sessions = [.. parsed.GetRequiredValue(sessions).Distinct(StringComparer.Ordinal).Select(text => new SessionPattern(text))],
                Read = start.Apply(parsed, read),
                Timestamps = parsed.GetValue(timestamps),
                Prefix = parsed.GetValue(prefix),
                Json = parsed.GetValue(json),
                Raw = parsed.GetValue(raw),
                Colours = Enum.Parse<ColourUse>(parsed.GetRequiredValue(colour), ignoreCase: true),
                Status = !parsed.GetValue(noStatus),
            });
            if (start.HasCursor(parsed) && !options.IsSingle)
            {
                streams.Say("relay", "A cursor belongs to one session; --from CURSOR cannot be given with several.");
                return ExitCode.Usage;
            }

            return await new TailRun(streams, relay, options).RunAsync(cancellationToken);
        });
        return command;
    }

    private static string Help => $"""
        Shows a session's log, live: its stdout on stdout, its stderr on stderr, byte for byte.
        It reconnects by itself, shows each byte once, and ends when the job has completed.

        Several sessions are merged by time. With a pattern, sessions that are created later join, and it goes on until Ctrl-C.
        On a terminal, levels and stderr are coloured, and what a job prints cannot control the terminal.

        Examples:
          relay tail etl-7                               all of it, then live
          relay tail etl-7 --tail 20 --timestamps        the last 20 lines with their times, then live
          relay tail 'etl-*' --from now                  all etl jobs from now on
          relay tail etl-7 --grep 'ERROR|WARN' -C 2      errors and warnings, with two lines around each
          relay tail etl-7 --since 10m --no-follow       the last ten minutes
          relay tail etl-7 --json | jq -r '.text // empty'   for programs

        {ExitCode.Help}
        """;
}
