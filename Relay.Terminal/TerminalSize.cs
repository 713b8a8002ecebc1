using System.Runtime.InteropServices;

namespace Relay.Terminal;

/// <summary>How large a terminal is now.</summary>
internal readonly partial record struct TerminalSize(int Columns, int Rows)
{
    private const int StandardOutput = 1;

    // TIOCGWINSZ of Linux, and of BSD.
    private static readonly nuint GetWindowSize = OperatingSystem.IsLinux() ? 0x5413u : 0x40087468u;

    /// <summary>What a terminal is taken for that tells no size, such as a serial line.</summary>
    public static TerminalSize Classic { get; } = new(80, 24);

    /// <summary>The terminal behind standard output.</summary>
    public static TerminalSize Now() => Of(StandardOutput);

    /// <summary>The terminal behind a descriptor; <see cref="Classic"/> where there is none.</summary>
    public static TerminalSize Of(int descriptor)
    {
        var size = OperatingSystem.IsWindows() ? OfConsole() : OfDescriptor(descriptor);
        return size is { Columns: > 0, Rows: > 0 } ? size : Classic;
    }

    // Not Console.WindowWidth: the first use of it changes the mode of the terminal's keys, and nobody changes it back.
    private static TerminalSize OfDescriptor(int descriptor) =>
        ioctl(descriptor, GetWindowSize, out var window) == 0 ? new TerminalSize(window.Columns, window.Rows) : default;

    private static TerminalSize OfConsole()
    {
        try
        {
            return new TerminalSize(Console.WindowWidth, Console.WindowHeight);
        }
        catch (IOException)
        {
            return default;
        }
    }

    [LibraryImport("libc")]
    private static partial int ioctl(int descriptor, nuint request, out Window window);

    [StructLayout(LayoutKind.Sequential)]
    private struct Window
    {
        public ushort Rows;
        public ushort Columns;
        public ushort WidthInPixels;
        public ushort HeightInPixels;
    }
}
