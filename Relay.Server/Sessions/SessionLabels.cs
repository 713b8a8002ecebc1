using Relay.Contracts;

namespace Relay.Server.Sessions;

/// <summary>The rules for labels.</summary>
internal static class SessionLabels
{
    private const int MaxLabels = 32;
    private const int MaxName = 64;
    private const int MaxValue = 256;
    private static readonly IReadOnlyDictionary<string, string> None = new Dictionary<string, string>(StringComparer.Ordinal);

    /// <exception cref="RelayException"><see cref="RelayErrorCode.InvalidRequest"/>.</exception>
    public static IReadOnlyDictionary<string, string> Check(IReadOnlyDictionary<string, string>? labels)
    {
        if (labels is null)
        {
            return None;
        }

        if (labels.Count > MaxLabels)
        {
            throw Invalid($"there are {labels.Count}");
        }

        foreach (var (name, value) in labels)
        {
            if (name.Length is 0 or > MaxName || name.Any(char.IsControl))
            {
                throw Invalid($"the name '{name}' is not right");
            }

            if (value is null || value.Length > MaxValue)
            {
                throw Invalid($"the value of '{name}' is {(value is null ? "null" : $"{value.Length} characters long")}");
            }
        }

        return labels;
    }

    private static RelayException Invalid(string what) => new(
        RelayErrorCode.InvalidRequest, $"A session has at most {MaxLabels} labels, names of 1–{MaxName} characters and values of up to {MaxValue}; {what}.");
}
