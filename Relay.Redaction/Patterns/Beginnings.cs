namespace Relay.Redaction.Patterns;

/// <summary>The texts with which every match of a pattern begins, in lower case: where none of them stands, no match begins.</summary>
internal static class Beginnings
{
    /// <summary>Shorter ones stand everywhere.</summary>
    public const int Shortest = 2;

    /// <summary>Longer ones find nothing less.</summary>
    public const int Longest = 12;

    private const int Most = 12;

    /// <returns>None when they are too many or too short to be looked for.</returns>
    public static IReadOnlyList<string> Of(Pattern pattern)
    {
        var texts = Extend([new Part("", IsWhole: true)], pattern).Select(part => part.Text).Distinct(StringComparer.Ordinal).ToList();
        return texts.Exists(text => text.Length < Shortest) ? [] : texts;
    }

    /// <summary>The first bytes of all matches.</summary>
    public static ByteSet FirstBytes(Pattern pattern) => pattern switch
    {
        Pattern.One one => one.Set,
        Pattern.Choice choice => choice.Items.Aggregate(ByteSet.None, (set, item) => set | FirstBytes(item)),
        Pattern.Repeat repeat => FirstBytes(repeat.Item),
        Pattern.Secret secret => FirstBytes(secret.Item),
        Pattern.Sequence sequence => FirstBytes(sequence),
        _ => ByteSet.None,
    };

    private static ByteSet FirstBytes(Pattern.Sequence sequence)
    {
        var set = ByteSet.None;
        foreach (var item in sequence.Items)
        {
            set |= FirstBytes(item);
            if (!item.CanBeEmpty)
            {
                break;
            }
        }

        return set;
    }

    private static List<Part> Extend(List<Part> parts, Pattern pattern)
    {
        if (!parts.Exists(part => part.IsWhole))
        {
            return parts;
        }

        List<Part> extended = pattern switch
        {
            Pattern.Place => parts,
            Pattern.Secret secret => Extend(parts, secret.Item),
            Pattern.Sequence sequence => sequence.Items.Aggregate(parts, Extend),
            Pattern.Choice choice => [.. choice.Items.SelectMany(item => Extend(parts, item))],
            Pattern.Repeat { Most: <= 3 } repeat => [.. Enumerable.Range(repeat.Least, repeat.Most.Value - repeat.Least + 1).SelectMany(
                times => Enumerable.Repeat(repeat.Item, times).Aggregate(parts, Extend))],
            Pattern.Repeat repeat => Cut(Enumerable.Repeat(repeat.Item, repeat.Least).Take(Longest).Aggregate(parts, Extend)),
            Pattern.One one => [.. parts.SelectMany(part => Extend(part, one.Set))],
            _ => Cut(parts),
        };
        return Shorten([.. extended.Distinct()]) ?? Cut(parts);
    }

    private static IEnumerable<Part> Extend(Part part, ByteSet set)
    {
        if (!part.IsWhole)
        {
            return [part];
        }

        var letters = set.Values().Select(value => char.ToLowerInvariant((char)value)).Distinct().Take(Most + 1).ToList();
        return part.Text.Length == Longest || letters.Count > Most ? [part with { IsWhole = false }] : letters.Select(letter => new Part(part.Text + letter, IsWhole: true));
    }

    /// <summary>Fewer and shorter ones, if they are too many.</summary>
    private static List<Part>? Shorten(List<Part> parts)
    {
        for (var length = Longest; parts.Count > Most && length >= Shortest; length--)
        {
            parts = [.. parts.Select(part => part.Text.Length > length ? new Part(part.Text[..length], IsWhole: false) : part).Distinct()];
        }

        return parts.Count > Most ? null : parts;
    }

    private static List<Part> Cut(List<Part> parts) => [.. parts.Select(part => part with { IsWhole = false })];

    /// <param name="Text">The beginning of some matches.</param>
    /// <param name="IsWhole">Whether it goes up to where the pattern has been looked at.</param>
    private readonly record struct Part(string Text, bool IsWhole);
}
