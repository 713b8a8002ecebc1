using System.Collections;

namespace Relay.Writer.Run;

/// <summary>The command's environment.</summary>
internal static class JobEnvironment
{
    /// <summary>All of it: ours, and what the command has beside.</summary>
    public static IReadOnlyDictionary<string, string?> Whole()
    {
        var environment = Environment.GetEnvironmentVariables().Cast<DictionaryEntry>()
            .ToDictionary(variable => (string)variable.Key, variable => (string?)variable.Value, StringComparer.Ordinal);
        AddTo(environment);
        return environment;
    }

    /// <summary>What it has beside ours. Python buffers its stdout in blocks when that is no terminal: its lines would arrive minutes late.</summary>
    public static void AddTo(IDictionary<string, string?> environment) => environment.TryAdd("PYTHONUNBUFFERED", "1");
}
