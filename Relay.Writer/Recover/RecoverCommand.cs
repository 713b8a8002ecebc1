using System.CommandLine;
using Relay.Contracts;
using Relay.Terminal;
using Relay.Writer.Delivering;

namespace Relay.Writer.Recover;

/// <summary><c>relay-writer recover [DIR]</c>.</summary>
internal static class RecoverCommand
{
    public static Command Create(StandardStreams streams)
    {
        var folder = new Argument<string?>("DIR")
        {
            Description = "A folder of spools, or the spool of one run. [default: where spools stand by default]",
            Arity = ArgumentArity.ZeroOrOne,
        };
        var url = new Option<string?>("--url") { Description = "Deliver to this relay instead of the ones that the spools name." };
        url.Validators.Add(result =>
        {
            var given = result.GetValueOrDefault<string?>();
            if (!Uri.TryCreate(given, UriKind.Absolute, out var address) || address.Scheme is not ("http" or "https"))
            {
                result.AddError($"--url must be an http or https address, such as http://127.0.0.1:8160; it is '{given}'.");
            }
        });
        var ca = RelayAuthorities.CreateOption();
        var sessionAs = new Option<string?>("--session-as")
        {
            Description = "Deliver into this session instead of the run's own, which is gone. DIR must then be the spool of one run.",
            HelpName = "ID",
        };
        sessionAs.Validators.Add(result =>
        {
            if (!SessionIds.IsValid(result.GetValueOrDefault<string?>(), out var problem))
            {
                result.AddError(problem);
            }
        });
        var discard = new Option<bool>("--discard-refused") { Description = "Remove the spools that a relay refuses for good." };
        var timeout = new Option<TimeSpan?>("--flush-timeout")
        {
            Description = "How long to try with each spool, e.g. 30s, 5m. [default: 30s]",
            CustomParser = result => Durations.Parse(result),
            HelpName = "TIME",
        };
        var command = new Command("recover", $"""
            Delivers what earlier runs of 'run', 'pipe' and 'follow' left in their spools: each byte once, in its place, and the exit code if
            the job had ended. Outputs that a killed writer left open are closed. Runs that are still alive are left alone. Spools stand in
            ${SpoolPlaces.Variable}, or in sparklogrelay/spool in the user's state folder.

            Exit codes: 0 when nothing is left, 1 when something is, 2 for a wrong command line.
            """)
        {
            folder, url, ca, sessionAs, discard, timeout,
        };
        command.SetAction((parsed, cancellationToken) =>
        {
            var options = new RecoverOptions
            {
                Folder = parsed.GetValue(folder),
                Url = parsed.GetValue(url) is { } given ? new Uri(given) : null,
                Authorities = parsed.GetValue(ca),
                SessionAs = parsed.GetValue(sessionAs),
                DiscardRefused = parsed.GetValue(discard),
                Timeout = parsed.GetValue(timeout) ?? TimeSpan.FromSeconds(30),
            };
            return new RecoverRun(streams, options, TimeProvider.System).RunAsync(cancellationToken);
        });
        return command;
    }
}

/// <summary>What <c>relay-writer recover</c> was asked to do.</summary>
internal sealed record RecoverOptions
{
    /// <summary>A folder of spools or one spool; null: the default places.</summary>
    public string? Folder { get; init; }

    public Uri? Url { get; init; }

    public RelayAuthorities? Authorities { get; init; }

    public string? SessionAs { get; init; }

    public bool DiscardRefused { get; init; }

    public required TimeSpan Timeout { get; init; }
}
