namespace Relay.Contracts;

/// <summary>One of the byte streams of a session. The numbers are the wire encoding and the on-disk encoding.</summary>
public enum OutputType
{
    /// <summary>No output; what a malformed message decodes to. Never valid in a request.</summary>
    None = 0,

    /// <summary>The job's standard output.</summary>
    Stdout = 1,

    /// <summary>The job's standard error.</summary>
    Stderr = 2,
}

/// <summary>Names of the outputs as they stand in URLs and JSON.</summary>
public static class OutputTypes
{
    /// <summary>All outputs a session has, in the order in which they are listed.</summary>
    public static IReadOnlyList<OutputType> All { get; } = [OutputType.Stdout, OutputType.Stderr];

    /// <summary>The name used in URLs and JSON: <c>stdout</c> or <c>stderr</c>.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The value is not an output of the contract.</exception>
    public static string ToName(this OutputType output) => output switch
    {
        OutputType.Stdout => "stdout",
        OutputType.Stderr => "stderr",
        _ => throw new ArgumentOutOfRangeException(nameof(output), output, "Not an output: must be stdout or stderr."),
    };

    /// <summary>Reads a name as it stands in a URL. Case matters.</summary>
    public static bool TryParse(string? name, out OutputType output)
    {
        output = name switch
        {
            "stdout" => OutputType.Stdout,
            "stderr" => OutputType.Stderr,
            _ => OutputType.None,
        };
        return output != OutputType.None;
    }
}
