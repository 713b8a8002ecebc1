using System.Buffers;

namespace Relay.Writer.Delivering;

/// <summary>Words that can be pasted into a shell.</summary>
internal static class ShellWord
{
    private static readonly SearchValues<char> Plain =
        SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-.,:/@%+=");

    public static string Quote(string word) =>
        word.AsSpan().ContainsAnyExcept(Plain) ? $"'{word.Replace("'", "'\\''", StringComparison.Ordinal)}'" : word;
}
