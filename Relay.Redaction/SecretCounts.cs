using System.Collections.Concurrent;

namespace Relay.Redaction;

/// <summary>How many secrets were masked, by rule. Never what they were.</summary>
internal sealed class SecretCounts
{
    private readonly ConcurrentDictionary<string, long> _byRule = new(StringComparer.Ordinal);

    public void Add(string rule) => _byRule.AddOrUpdate(rule, 1, (_, count) => count + 1);

    public long Total => _byRule.Values.Sum();

    /// <summary>For a person: <c>aws-access-key 1, url-password 2</c>.</summary>
    public override string ToString() => string.Join(", ", _byRule.OrderBy(pair => pair.Key, StringComparer.Ordinal).Select(pair => $"{pair.Key} {pair.Value}"));
}
