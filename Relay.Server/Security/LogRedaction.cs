using System.Diagnostics.Metrics;
using Microsoft.Extensions.Options;
using Relay.Redaction;
using Relay.Server.Storage;

namespace Relay.Server.Security;

/// <summary>Masks secrets in what writers send, for those that did not do it themselves, and counts them.</summary>
internal sealed partial class LogRedaction : IDisposable
{
    private readonly RedactionRules? _rules;
    private readonly TimeProvider _time;
    private readonly ILogger<LogRedaction> _logger;
    private readonly Meter _meter;
    private readonly Counter<long> _masked;

    public LogRedaction(IOptions<RedactionOptions> options, IMeterFactory meters, TimeProvider time, ILogger<LogRedaction> logger)
    {
        (_rules, _time, _logger) = (options.Value.ReadRules([]), time, logger);
        _meter = meters.Create("Relay.Server");
        _masked = _meter.CreateCounter<long>("relay.secrets.masked", "{secret}", "Secrets that were masked, by rule.");
    }

    public bool IsOn => _rules is not null;

    /// <summary>The masks of one writer's stay; null when nothing is masked.</summary>
    public WriterMasks? For(ISessionLog log, WriterLease lease)
    {
        if (_rules is not { } rules)
        {
            return null;
        }

        var counts = new SecretCounts();
        return new WriterMasks(log, lease, counts, Redactor, _time);

        Redactor Redactor() => new(rules, MaskStyle.SameLength, rule =>
        {
            counts.Add(rule);
            _masked.Add(1, new KeyValuePair<string, object?>("rule", rule));
        });
    }

    /// <summary>A writer has left.</summary>
    public void Report(string session, WriterMasks masks)
    {
        if (masks.Counts.Total is > 0 and var total)
        {
            Log.Masked(_logger, session, total, masks.Counts.ToString());
        }
    }

    public void Dispose() => _meter.Dispose();

    private static partial class Log
    {
        [LoggerMessage(LogLevel.Information, "Session {Session}: {Secrets} secrets of a writer were masked ({Rules})")]
        public static partial void Masked(ILogger logger, string session, long secrets, string rules);
    }
}
