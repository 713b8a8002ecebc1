using System.CommandLine.Parsing;
using System.Globalization;

namespace Relay.Writer.Delivering;

/// <summary>Durations on the command line: a number and <c>ms</c>, <c>s</c>, <c>m</c> or <c>h</c>; without a unit, seconds.</summary>
internal static class Durations
{
    private static readonly TimeSpan Longest = TimeSpan.FromDays(1);

    public static TimeSpan Parse(ArgumentResult result)
    {
        var text = result.Tokens is [var token] ? token.Value : "";
        if (TryParse(text, out var duration))
        {
            return duration;
        }

        result.AddError($"'{text}' is not a duration from 0s to 24h, such as 30s, 500ms or 5m.");
        return default;
    }

    public static bool TryParse(string text, out TimeSpan duration)
    {
        var digits = text.TrimEnd('m', 's', 'h');
        var unit = text[digits.Length..] switch
        {
            "ms" => TimeSpan.FromMilliseconds(1),
            "s" or "" => TimeSpan.FromSeconds(1),
            "m" => TimeSpan.FromMinutes(1),
            "h" => TimeSpan.FromHours(1),
            _ => TimeSpan.Zero,
        };
        var isNumber = double.TryParse(digits, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var count);
        var known = isNumber && unit > TimeSpan.Zero && count * unit.TotalSeconds <= Longest.TotalSeconds;
        duration = known ? unit * count : default;
        return known;
    }
}
