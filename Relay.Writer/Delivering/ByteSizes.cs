using System.CommandLine.Parsing;
using System.Globalization;

namespace Relay.Writer.Delivering;

/// <summary>Sizes on the command line: a number and <c>KiB</c>, <c>MiB</c>, <c>GiB</c>, <c>TiB</c> or nothing; <c>K</c>, <c>MB</c> and the like mean the same.</summary>
internal static class ByteSizes
{
    private const string Units = "kmgt";

    public static long Parse(ArgumentResult result)
    {
        var text = result.Tokens is [var token] ? token.Value : "";
        if (TryParse(text, out var bytes))
        {
            return bytes;
        }

        result.AddError($"'{text}' is not a size from 1MiB to 8192TiB, such as 512MiB or 2GiB.");
        return default;
    }

    public static bool TryParse(string text, out long bytes)
    {
        var digits = text.TrimEnd([.. "kKmMgGtTiIbB"]);
        var unit = text[digits.Length..].ToLowerInvariant();
        var power = unit is "" or "b" ? 0
            : unit is [_] or [_, 'b'] or [_, 'i', 'b'] && Units.IndexOf(unit[0], StringComparison.Ordinal) is >= 0 and var index ? index + 1
            : -1;
        var isNumber = double.TryParse(digits, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var count);
        var size = count * Math.Pow(1024, power);
        var known = isNumber && power >= 0 && size >= 1024 * 1024 && size <= Math.Pow(2, 53);
        bytes = known ? (long)size : 0;
        return known;
    }

    /// <summary>For a person: the largest unit that leaves at least one of it.</summary>
    public static string Show(long bytes)
    {
        var (size, unit) = ((double)bytes, 0);
        while (size >= 1024 && unit < Units.Length)
        {
            (size, unit) = (size / 1024, unit + 1);
        }

        return unit == 0
            ? string.Create(CultureInfo.InvariantCulture, $"{bytes} bytes")
            : string.Create(CultureInfo.InvariantCulture, $"{size:0.##} {char.ToUpperInvariant(Units[unit - 1])}iB");
    }
}
