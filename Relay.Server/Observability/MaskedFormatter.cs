using System.Text.RegularExpressions;
using Serilog.Events;
using Serilog.Formatting;

namespace Relay.Server.Observability;

/// <summary>
/// The last thing that happens to a line of the log: what stands where secrets stand, or looks like a token, goes out of it. Whatever wrote the line, at
/// whatever level, in a message, a property or the text of an exception.
/// </summary>
internal sealed partial class MaskedFormatter(ITextFormatter inner) : ITextFormatter
{
    private const string Mask = "***";
    private const string Kept = $"${{name}}{Mask}";

    public void Format(LogEvent logEvent, TextWriter output)
    {
        using var line = new StringWriter(output.FormatProvider);
        inner.Format(logEvent, line);
        output.Write(Hide(line.ToString()));
    }

    /// <summary>JSON stays JSON: no unescaped quote is ever taken.</summary>
    public static string Hide(string line) => TokenPattern().Replace(SchemePattern().Replace(ParameterPattern().Replace(line, Kept), Kept), Mask);

    /// <summary>In a URL or a form: <c>access_token=…</c>, <c>ticket=…</c>, and names that people give such things by mistake.</summary>
    [GeneratedRegex("""(?<name>(token|ticket|secret|password|key)(=|%3D))(\\\S|[^\s"\\&])+""", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex ParameterPattern();

    /// <summary>As in an <c>Authorization</c> header. "Basic" is a word of English too, so what follows must be as long as no word is.</summary>
    [GeneratedRegex(
        """(?<name>(Bearer|Basic(?=([\s+:=]|%20|\\t)+[^\s"\\]{12}))([\s+:=]|%20|\\t)+)(\\\S|[^\s"\\&])+""",
        RegexOptions.IgnoreCase | RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture,
        matchTimeoutMilliseconds: 1000)]
    private static partial Regex SchemePattern();

    /// <summary>
    /// The form of tokens and tickets: 43 characters of base64url, letters of both cases among them; also behind an escape of JSON or of a URL. And that of
    /// the admin keys that <c>openssl rand -base64 32</c> makes.
    /// </summary>
    [GeneratedRegex(
        """((?<![\w-])|(?<=\\[nrt]|%[0-9A-F]{2}|\\u[0-9A-Fa-f]{4}))(?=[\w+/-]{0,42}[A-Z])(?=[\w+/-]{0,42}[a-z])([A-Za-z0-9_-]{43}(?![\w-])|[A-Za-z0-9+/]{43}=(?!=))""",
        RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture,
        matchTimeoutMilliseconds: 1000)]
    private static partial Regex TokenPattern();
}
