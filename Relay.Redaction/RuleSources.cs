using Relay.Redaction.Patterns;

namespace Relay.Redaction;

/// <summary>Where the rules come from: what comes with the product, a file of own words, own regular expressions.</summary>
/// <param name="BuiltIn">Whether to use the rules that come with the product.</param>
/// <param name="WordsFile">A file of own words, or null.</param>
/// <param name="Regexes">Own regular expressions.</param>
/// <param name="LeastBytes">What an own regular expression finds is left alone when it is shorter.</param>
internal sealed record RuleSources(bool BuiltIn, string? WordsFile, IReadOnlyList<string> Regexes, int LeastBytes = RuleSources.DefaultLeastBytes)
{
    public const int DefaultLeastBytes = 8;

    /// <summary>More would mask nothing that anybody calls a secret.</summary>
    public const int MostLeastBytes = 1024;

    /// <param name="faults">Receives a line for each that cannot be used.</param>
    /// <param name="words">What the user calls the file of words.</param>
    /// <param name="regexes">What the user calls the regular expressions.</param>
    /// <returns>Null when there is nothing to mask, or something is wrong.</returns>
    public RedactionRules? Read(List<string> faults, string words, string regexes)
    {
        var before = faults.Count;
        var rules = new List<RuleDefinition>();
        if (WordsFile is { } file)
        {
            Try(() => rules.Add(OwnWords.ToRule(OwnWords.ReadFile(file))), words, faults);
        }

        for (var i = 0; i < Regexes.Count; i++)
        {
            var (name, regex) = ($"regex-{i + 1}", Regexes[i]);
            Try(() => rules.Add(RuleDefinition.FromRegex(name, regex, LeastBytes)), regexes, faults);
        }

        if (BuiltIn)
        {
            rules.AddRange(BuiltInRules.Definitions);
        }

        if (faults.Count > before || rules.Count == 0)
        {
            return null;
        }

        RedactionRules? read = null;
        Try(() => read = new RedactionRules(rules), regexes, faults);
        return read;
    }

    private static void Try(Action read, string what, List<string> faults)
    {
        try
        {
            read();
        }
        catch (RuleException e)
        {
            faults.Add($"{what}: {e.Message}");
        }
    }
}
