using System.Text;
using Relay.Redaction.Patterns;

namespace Relay.Redaction;

/// <summary>Words that are to be masked wherever they stand, as one pattern: a tree of their bytes, the longest word being preferred.</summary>
internal static class OwnWords
{
    public const string RuleName = "word";

    /// <summary>A shorter word stands in too much that is no secret.</summary>
    public const int LeastBytes = 8;

    private const int MostBytes = 1024;
    private const int MostBytesOfAll = 400_000;

    /// <summary>Reads a file of words: one a line, UTF-8. Blank lines and lines that begin with <c>#</c> are passed over.</summary>
    /// <exception cref="RuleException">It cannot be read, or holds something that is no such word. The message never shows a word.</exception>
    public static IReadOnlyList<string> ReadFile(string path)
    {
        string[] lines;
        try
        {
            var strict = new UTF8Encoding(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);
            lines = strict.GetString(File.ReadAllBytes(path)).TrimStart('\uFEFF').Split('\n');
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or DecoderFallbackException or ArgumentException or NotSupportedException)
        {
            throw new RuleException(e is DecoderFallbackException ? $"The file of words {path} is not UTF-8." : $"The file of words cannot be read: {e.Message}");
        }

        var words = new List<string>();
        foreach (var (line, number) in lines.Select((line, index) => (line.Trim(), index + 1)))
        {
            if (line.Length == 0 || line.StartsWith('#'))
            {
                continue;
            }

            words.Add(Encoding.UTF8.GetByteCount(line) switch
            {
                < LeastBytes and var bytes => throw new RuleException($"Line {number} of {path} is a word of {bytes} bytes; it must have at least {LeastBytes}, or it would mask what is no secret."),
                > MostBytes and var bytes => throw new RuleException($"Line {number} of {path} is a word of {bytes} bytes; the most is {MostBytes}."),
                _ => line,
            });
        }

        return words.Count == 0 ? throw new RuleException($"The file of words {path} holds none: put one on each line.")
            : words.Sum(Encoding.UTF8.GetByteCount) > MostBytesOfAll ? throw new RuleException($"The words in {path} have more than {MostBytesOfAll} bytes together.")
            : words;
    }

    public static RuleDefinition ToRule(IEnumerable<string> words)
    {
        var bytes = words.Select(Encoding.UTF8.GetBytes).Distinct(ByteOrder.Instance).Order(ByteOrder.Instance).ToArray();
        return new RuleDefinition(RuleName, Tree(bytes, 0));
    }

    /// <param name="words">Sorted; all alike before <paramref name="at"/>, and all longer.</param>
    /// <param name="at">From here on they differ.</param>
    private static Pattern Tree(ReadOnlySpan<byte[]> words, int at)
    {
        var branches = new List<Pattern>();
        for (var begin = 0; begin < words.Length;)
        {
            var letter = words[begin][at];
            var end = begin + 1;
            while (end < words.Length && words[end][at] == letter)
            {
                end++;
            }

            branches.Add(Branch(words[begin..end], at, letter));
            begin = end;
        }

        return branches is [var only] ? only : new Pattern.Choice(branches);
    }

    /// <summary>What all of the words have in common is one sequence, so that the tree is as deep as words branch, not as they are long.</summary>
    private static Pattern.Sequence Branch(ReadOnlySpan<byte[]> words, int at, byte letter)
    {
        var items = new List<Pattern> { new Pattern.One(ByteSet.Of((char)letter)) };
        for (at++; words[0].Length > at && words[^1].Length > at && words[0][at] == words[^1][at]; at++)
        {
            items.Add(new Pattern.One(ByteSet.Of((char)words[0][at])));
        }

        var endsHere = words[0].Length == at;
        if (endsHere ? words.Length > 1 : true)
        {
            var longer = Tree(endsHere ? words[1..] : words, at);
            items.Add(endsHere ? new Pattern.Choice([longer, new Pattern.Sequence([])]) : longer);
        }

        return new Pattern.Sequence(items);
    }

    private sealed class ByteOrder : IComparer<byte[]>, IEqualityComparer<byte[]>
    {
        public static readonly ByteOrder Instance = new();

        public int Compare(byte[]? x, byte[]? y) => x.AsSpan().SequenceCompareTo(y);

        public bool Equals(byte[]? x, byte[]? y) => x.AsSpan().SequenceEqual(y);

        public int GetHashCode(byte[] obj)
        {
            var hash = default(HashCode);
            hash.AddBytes(obj);
            return hash.ToHashCode();
        }
    }
}
