namespace Relay.Terminal;

/// <summary>Where a command line tool writes: bytes, unbuffered. Injectable, so that commands are tested in memory.</summary>
/// <param name="Out">Standard output.</param>
/// <param name="Error">Standard error.</param>
/// <param name="ErrorIsTerminal">Whether a person watches standard error.</param>
/// <param name="OutIsTerminal">Whether a person watches standard output.</param>
internal sealed record StandardStreams(Stream Out, Stream Error, bool ErrorIsTerminal, bool OutIsTerminal = false)
{
    /// <summary>Opens standard input.</summary>
    public Func<Stream> OpenInput { get; init; } = Console.OpenStandardInput;

    /// <summary>Whether standard output is a file, and not a pipe into another program. Default: no.</summary>
    public bool OutIsFile { get; init; }

    /// <summary>Columns of the terminal on standard output (<c>true</c>) or standard error. Default: 80.</summary>
    public Func<bool, int> Width { get; init; } = _ => TerminalSize.Classic.Columns;

    /// <summary>The process's own.</summary>
    public static StandardStreams Open() => OperatingSystem.IsWindows()
        ? new StandardStreams(Console.OpenStandardOutput(), Console.OpenStandardError(), !Console.IsErrorRedirected, !Console.IsOutputRedirected)
        : new StandardStreams(new DescriptorStream(1), new DescriptorStream(2), !Console.IsErrorRedirected, !Console.IsOutputRedirected)
        {
            OpenInput = OpenInputPipe,
            OutIsFile = Console.IsOutputRedirected && DescriptorStream.IsFile(1),
            Width = ofOut => TerminalSize.Of(ofOut ? 1 : 2).Columns,
        };

    private static Stream OpenInputPipe()
    {
        PipeCapacity.Raise(0);
        return Console.OpenStandardInput();
    }

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
