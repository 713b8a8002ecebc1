using System.Text;
using Relay.Redaction;

namespace Relay.Tests.Redaction;

/// <summary>Texts as they come out of a <see cref="Redactor"/>. A text is bytes here, a byte a character.</summary>
internal static class MaskedText
{
    public static RedactionRules BuiltIn { get; } = new([.. BuiltInRules.Definitions]);

    public static RedactionRules Rules(params string[] regexes) => new([.. regexes.Select((regex, index) => RuleDefinition.FromRegex($"regex-{index + 1}", regex))]);

    /// <summary>The whole output for these chunks.</summary>
    public static string Of(RedactionRules rules, IEnumerable<string> chunks, MaskStyle style = MaskStyle.Named)
    {
        var redactor = new Redactor(rules, style, _ => { });
        var text = new StringBuilder();
        foreach (var chunk in chunks)
        {
            text.Append(Encoding.Latin1.GetString(redactor.Take(Encoding.Latin1.GetBytes(chunk)).Span));
        }

        return text.Append(Encoding.Latin1.GetString(redactor.Decide(isEnd: true).Span)).ToString();
    }

    public static string Of(RedactionRules rules, string text, MaskStyle style = MaskStyle.Named) => Of(rules, [text], style);

    /// <summary>What has left the redactor before anything else came.</summary>
    public static string AtOnce(RedactionRules rules, string text) =>
        Encoding.Latin1.GetString(new Redactor(rules, MaskStyle.Named, _ => { }).Take(Encoding.Latin1.GetBytes(text)).Span);

    /// <summary>Cut at random places.</summary>
    public static IEnumerable<string> Cut(string text, Random random, int longest)
    {
        for (var at = 0; at < text.Length;)
        {
            var count = Math.Min(random.Next(longest + 1), text.Length - at);
            yield return text.Substring(at, count);
            at += count;
        }
    }
}
