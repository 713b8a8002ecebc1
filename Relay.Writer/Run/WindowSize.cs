using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Relay.Writer.Run;

/// <summary>Rows and columns of a terminal: Linux' <c>struct winsize</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
internal partial record struct WindowSize(ushort Rows, ushort Columns, ushort WidthPixels = 0, ushort HeightPixels = 0)
{
    private const nuint Get = 0x5413;
    private const nuint Set = 0x5414;

    private static readonly WindowSize Usual = new(24, 80);

    /// <summary>That of the terminal we are on, whichever of our streams it is; without one 24 × 80.</summary>
    public static WindowSize OfOurTerminal()
    {
        foreach (var descriptor in (ReadOnlySpan<int>)[1, 2, 0])
        {
            if (ioctl(descriptor, Get, out var size) == 0 && size is { Rows: > 0, Columns: > 0 })
            {
                return size;
            }
        }

        return Usual;
    }

    public readonly void ApplyTo(SafeFileHandle master)
    {
        var size = this;
        _ = ioctl(master, Set, ref size);
    }

    [LibraryImport("libc")]
    private static partial int ioctl(int descriptor, nuint request, out WindowSize size);

    [LibraryImport("libc")]
    private static partial int ioctl(SafeFileHandle descriptor, nuint request, ref WindowSize size);
}
