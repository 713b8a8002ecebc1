using System.CommandLine;
using System.Globalization;
using Relay.Client;
using Relay.Contracts;

namespace Relay.Cli.Tail;

/// <summary>The options that say where a tail begins: at most one of them.</summary>
internal sealed class ReadStartOptions
{
    private static readonly string[] TimeFormats = ["yyyy-MM-dd'T'HH:mm:ss.FFFFFFFK", "yyyy-MM-dd'T'HH:mmK", "yyyy-MM-dd"];

    private readonly TimeProvider _time;
    private readonly Option<string?> _from = new("--from")
    {
        Description = "Where to begin: beginning (as without it), now, or a cursor that --json printed.",
        HelpName = "beginning|now|CURSOR",
    };

    private readonly Option<long?> _tail = new("--tail", "-n") { Description = "Begin with the last N lines of each output.", HelpName = "N" };

    private readonly Option<DateTimeOffset?> _since;

    public ReadStartOptions(TimeProvider time)
    {
        _time = time;
        _since = new Option<DateTimeOffset?>("--since")
        {
            Description = "Begin with what the relay stored since then: 30s, 10m, 2h or 1d ago, or a time such as 2026-01-31T09:00:00Z.",
            HelpName = "AGE|TIME",
            CustomParser = result =>
            {
                var text = result.Tokens is [var token] ? token.Value : "";
                if (ParseSince(text) is { } since)
                {
                    return since;
                }

                result.AddError(
                    $"--since must be an age such as 30s, 10m, 2h or 1d, or an RFC 3339 time such as 2026-01-31T09:00:00Z; it is '{text}'.");
                return null;
            },
        };
        _tail.Validators.Add(result =>
        {
            if (result.Tokens is [var token] && !long.TryParse(token.Value, NumberStyles.None, CultureInfo.InvariantCulture, out _))
            {
                result.AddError($"--tail must be a number of lines from 0; it is '{token.Value}'.");
            }
        });
    }

    public void AddTo(Command command)
    {
        command.Options.Add(_from);
        command.Options.Add(_tail);
        command.Options.Add(_since);
        command.Validators.Add(result =>
        {
            var given = command.Options.Where(option => option == _from || option == _tail || option == _since)
                .Where(option => result.GetResult(option) is { Implicit: false })
                .Select(option => option.Name).ToList();
            if (given.Count > 1)
            {
                result.AddError($"Only one of --from, --tail and --since can be given; there are {string.Join(" and ", given)}.");
            }
        });
    }

    public ReadOptions Apply(ParseResult parsed, ReadOptions options) => parsed.GetValue(_from) switch
    {
        null when parsed.GetValue(_tail) is { } lines => options with { Start = ReadStart.TailLines, TailLines = lines },
        null when parsed.GetValue(_since) is { } since => options with { Start = ReadStart.Since, Since = since },
        null or "beginning" => options,
        "now" => options with { Start = ReadStart.Now },
        var cursor => options with { Start = ReadStart.Cursor, Cursor = cursor },
    };

    /// <summary>Whether a cursor was given, which belongs to one session.</summary>
    public bool HasCursor(ParseResult parsed) => parsed.GetValue(_from) is not (null or "beginning" or "now");

    private DateTimeOffset? ParseSince(string text)
    {
        if (DateTimeOffset.TryParseExact(text, TimeFormats, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var time))
        {
            return time < DateTimeOffset.UnixEpoch ? DateTimeOffset.UnixEpoch : time;
        }

        var unit = text.Length == 0 ? TimeSpan.Zero : text[^1] switch
        {
            's' => TimeSpan.FromSeconds(1),
            'm' => TimeSpan.FromMinutes(1),
            'h' => TimeSpan.FromHours(1),
            'd' => TimeSpan.FromDays(1),
            _ => TimeSpan.Zero,
        };
        var now = _time.GetUtcNow();
        return unit > TimeSpan.Zero
            && double.TryParse(text[..^1], NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var count)
            && count * unit.TotalDays <= (now - DateTimeOffset.UnixEpoch).TotalDays
            ? now - (unit * count)
            : null;
    }
}
