using System.Globalization;
using System.Text.RegularExpressions;

namespace Relay.Tests.Docs;

/// <summary>A fenced block of a page, without the indentation of its fence.</summary>
/// <param name="Page">Path from the root of the repository.</param>
/// <param name="Line">Line of the first line between the fences, from 1.</param>
/// <param name="Language">What stands behind the opening fence; empty for plain text.</param>
/// <param name="Text">What stands between the fences.</param>
/// <param name="Marker">What the comment directly above the fence says.</param>
internal sealed partial record DocBlock(string Page, int Line, string Language, string Text, DocMarker Marker)
{
    public string FirstLine => Text.Split('\n', 2)[0];

    public static IReadOnlyList<DocBlock> Of(string page, string markdown)
    {
        var blocks = new List<DocBlock>();
        var lines = markdown.ReplaceLineEndings("\n").Split('\n');
        for (var i = 0; i < lines.Length; i++)
        {
            if (Fence().Match(lines[i]) is not { Success: true } fence)
            {
                continue;
            }

            var indent = fence.Groups["indent"].Length;
            var end = Array.FindIndex(lines, i + 1, line => line.Trim() == "```");
            if (end < 0)
            {
                throw new FormatException($"{page}:{i + 1}: the fence is never closed.");
            }

            var text = string.Join('\n', lines[(i + 1)..end].Select(line => line.Length >= indent ? line[indent..] : line.TrimStart()));
            blocks.Add(new DocBlock(page, i + 2, fence.Groups["language"].Value, text + "\n", DocMarker.Parse(i > 0 ? lines[i - 1] : "", $"{page}:{i}")));
            i = end;
        }

        return blocks;
    }

    public override string ToString() => $"{Page}:{Line}";

    [GeneratedRegex("^(?<indent> *)```(?<language>[a-z]*)$", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 10_000)]
    private static partial Regex Fence();
}

/// <summary>How a block is run: <c>&lt;!-- not run: reason --&gt;</c>, <c>&lt;!-- background --&gt;</c>, <c>&lt;!-- exits 3 --&gt;</c>, or the last two with a comma.</summary>
internal sealed partial record DocMarker(string? NotRunBecause = null, bool Background = false, int ExitCode = 0)
{
    public static DocMarker Parse(string line, string where)
    {
        if (Comment().Match(line) is not { Success: true } comment)
        {
            return new DocMarker();
        }

        var text = comment.Groups["text"].Value;
        if (text.StartsWith("not run: ", StringComparison.Ordinal))
        {
            return new DocMarker(NotRunBecause: text["not run: ".Length..]);
        }

        var marker = new DocMarker();
        foreach (var word in text.Split(", "))
        {
            marker = word switch
            {
                "background" => marker with { Background = true },
                _ when word.StartsWith("exits ", StringComparison.Ordinal) => marker with { ExitCode = int.Parse(word["exits ".Length..], CultureInfo.InvariantCulture) },
                _ => throw new FormatException(
                    $"{where}: '{text}' is no marker of a block. Markers are 'not run: REASON', 'background', 'exits N', and 'background, exits N'."),
            };
        }

        return marker;
    }

    [GeneratedRegex("^ *<!-- (?<text>.*) -->$", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 10_000)]
    private static partial Regex Comment();
}
