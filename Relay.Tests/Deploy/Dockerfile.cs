using System.Text.RegularExpressions;
using Relay.Tests.TestKit;

namespace Relay.Tests.Deploy;

/// <summary>The instructions of a Dockerfile, with continued lines joined.</summary>
internal sealed partial class Dockerfile(string path)
{
    public IReadOnlyList<(string Name, string Arguments)> Instructions { get; } =
    [
        .. Continuation().Replace(Comment().Replace(File.ReadAllText(Repository.PathOf(path)), ""), " ")
            .Split('\n', StringSplitOptions.RemoveEmptyEntries)
            .Select(line => line.Split(' ', 2, StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))
            .Select(words => (words[0], words[1])),
    ];

    public string Text => string.Join('\n', Instructions.Select(instruction => $"{instruction.Name} {instruction.Arguments}"));

    public IEnumerable<string> All(string name) => Instructions.Where(instruction => instruction.Name == name).Select(instruction => instruction.Arguments);

    /// <summary>What <c>COPY</c> takes from the repository.</summary>
    public IEnumerable<string> Sources => All("COPY").Where(copy => !copy.StartsWith("--from", StringComparison.Ordinal)).SelectMany(copy => copy.Split(' ')[..^1]);

    public override string ToString() => path;

    [GeneratedRegex(@"^#.*\n", RegexOptions.Multiline, matchTimeoutMilliseconds: 10_000)]
    private static partial Regex Comment();

    [GeneratedRegex(@"\\\n\s*", RegexOptions.None, matchTimeoutMilliseconds: 10_000)]
    private static partial Regex Continuation();
}
