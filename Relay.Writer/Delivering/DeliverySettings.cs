using System.CommandLine;
using Relay.Client;
using Relay.Contracts;
using Relay.Terminal;

namespace Relay.Writer.Delivering;

/// <summary>The options that all commands which deliver have in common.</summary>
internal sealed class DeliverySettings
{
    private const long DefaultSpoolLimit = 1024L * 1024 * 1024;
    private static readonly TimeSpan DefaultFlushTimeout = TimeSpan.FromSeconds(30);

    private readonly Option<string> _session = new("--session") { Description = "The session's id; it is created if it is missing.", Required = true, HelpName = "ID" };
    private readonly Option<string> _url = RelayUrl.CreateOption();
    private readonly Option<RelayAuthorities?> _ca = RelayAuthorities.CreateOption();
    private readonly Option<string[]> _labels = LabelOption.Create("A label of the session. May be given many times.");
    private readonly Option<string?> _spool = new("--spool")
    {
        Description = $"Folder for what the relay has not stored yet; also by ${SpoolPlaces.Variable}. [default: sparklogrelay/spool in the user's state folder]",
        HelpName = "DIR",
    };

    private readonly Option<bool> _noSpool = new("--no-spool") { Description = "Keep what the relay has not stored yet in 32 MiB of memory instead." };
    private readonly Option<long?> _spoolLimit = new("--spool-limit")
    {
        Description = "Most bytes in the spool, e.g. 512MiB, 2GiB. [default: 1GiB]",
        CustomParser = result => ByteSizes.Parse(result),
        HelpName = "SIZE",
    };

    private readonly Option<string> _whenFull = new("--when-full")
    {
        Description = "When the spool is full: drop-oldest gives up what was written first, and readers see a gap; block makes the output wait.",
        DefaultValueFactory = _ => "drop-oldest",
    };

    private readonly Option<TimeSpan?> _flushTimeout = new("--flush-timeout")
    {
        Description = "How long to go on delivering after the last byte, e.g. 30s, 500ms, 5m. [default: 30s]",
        CustomParser = result => Durations.Parse(result),
        HelpName = "TIME",
    };

    private readonly RedactionSettings _redaction = new();

    public DeliverySettings()
    {
        _session.Validators.Add(result =>
        {
            if (!SessionIds.IsValid(result.GetValueOrDefault<string>(), out var problem))
            {
                result.AddError(problem);
            }
        });
        _spool.Validators.Add(result =>
        {
            if (result.GetValueOrDefault<string?>() is not { Length: > 0 })
            {
                result.AddError("--spool must name a folder; --no-spool does without one.");
            }
        });
        _whenFull.AcceptOnlyFromAmong("drop-oldest", "block");
    }

    /// <param name="command">Gets the options.</param>
    /// <param name="canDrop">Whether it has a choice when the spool is full.</param>
    public void AddTo(Command command, bool canDrop = true)
    {
        foreach (var option in new Option[] { _session, _url, _ca, _labels, _spool, _noSpool, _spoolLimit })
        {
            command.Options.Add(option);
        }

        if (canDrop)
        {
            command.Options.Add(_whenFull);
        }

        command.Options.Add(_flushTimeout);
        _redaction.AddTo(command);
        command.Validators.Add(result =>
        {
            if (result.GetResult(_noSpool) is { Implicit: false } && result.GetResult(_spool) is { Implicit: false })
            {
                result.AddError("--spool and --no-spool exclude each other.");
            }
        });
    }

    public DeliveryOptions Read(ParseResult parsed) => new()
    {
        Session = parsed.GetRequiredValue(_session),
        Url = new Uri(parsed.GetRequiredValue(_url)),
        Authorities = parsed.GetValue(_ca),
        Labels = LabelOption.ToPairs(parsed.GetValue(_labels)) is { Count: > 0 } labels ? labels : null,
        SpoolRoots = parsed.GetValue(_noSpool) ? [] : parsed.GetValue(_spool) is { Length: > 0 } given ? [given] : SpoolPlaces.Default,
        SpoolLimit = parsed.GetValue(_spoolLimit) ?? DefaultSpoolLimit,
        WhenFull = parsed.GetValue(_whenFull) == "block" ? WhenFull.Block : WhenFull.DropOldest,
        FlushTimeout = parsed.GetValue(_flushTimeout) ?? DefaultFlushTimeout,
        Redaction = _redaction.Read(),
    };
}
