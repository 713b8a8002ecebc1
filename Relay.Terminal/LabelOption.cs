using System.CommandLine;

namespace Relay.Terminal;

/// <summary>The <c>--label NAME=VALUE</c> option.</summary>
internal static class LabelOption
{
    public static Option<string[]> Create(string description)
    {
        var labels = new Option<string[]>("--label") { Description = description, HelpName = "NAME=VALUE" };
        labels.Validators.Add(result =>
        {
            foreach (var label in (result.GetValueOrDefault<string[]>() ?? []).Where(label => label.IndexOf('=', StringComparison.Ordinal) < 1))
            {
                result.AddError($"--label must be NAME=VALUE; it is '{label}'.");
            }
        });
        return labels;
    }

    /// <summary>The pairs; the last one of a name counts.</summary>
    public static Dictionary<string, string> ToPairs(string[]? labels)
    {
        var pairs = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var label in labels ?? [])
        {
            var equals = label.IndexOf('=', StringComparison.Ordinal);
            pairs[label[..equals]] = label[(equals + 1)..];
        }

        return pairs;
    }
}
