namespace Relay.Writer.Run;

/// <summary>What the command's environment has beside ours.</summary>
internal static class JobEnvironment
{
    /// <summary>Python buffers its stdout in blocks when that is no terminal: its lines would arrive minutes late.</summary>
    public static void AddTo(IDictionary<string, string?> environment) => environment.TryAdd("PYTHONUNBUFFERED", "1");
}
