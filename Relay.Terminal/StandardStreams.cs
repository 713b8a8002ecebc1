namespace Relay.Terminal;

/// <summary>Where a command line tool writes: bytes, unbuffered. Injectable, so that commands are tested in memory.</summary>
/// <param name="Out">Standard output.</param>
/// <param name="Error">Standard error.</param>
/// <param name="ErrorIsTerminal">Whether a person watches standard error.</param>
internal sealed record StandardStreams(Stream Out, Stream Error, bool ErrorIsTerminal)
{
    /// <summary>The process's own.</summary>
    public static StandardStreams Open() => OperatingSystem.IsWindows()
        ? new StandardStreams(Console.OpenStandardOutput(), Console.OpenStandardError(), !Console.IsErrorRedirected)
        : new StandardStreams(new DescriptorStream(1), new DescriptorStream(2), !Console.IsErrorRedirected);

    /// <summary>Writes one line for a person to standard error. A standard error that is closed is no reason to fail.</summary>
    public void Say(string tool, string message)
    {
        try
        {
            Error.Write(System.Text.Encoding.UTF8.GetBytes($"{tool}: {message.ReplaceLineEndings(" ")}{Environment.NewLine}"));
        }
        catch (IOException)
        {
            // Nobody listens.
        }
    }
}
