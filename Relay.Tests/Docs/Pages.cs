using Relay.Tests.TestKit;

namespace Relay.Tests.Docs;

/// <summary>The documents for users and maintainers. Decisions are history: what they quote need not run for ever.</summary>
internal static class Pages
{
    public static IReadOnlyList<string> All { get; } =
        ["README.md", .. Directory.GetFiles(Repository.PathOf("docs"), "*.md").Select(file => $"docs/{Path.GetFileName(file)}").Order(StringComparer.Ordinal)];

    public static IReadOnlyList<DocBlock> Blocks { get; } = [.. All.SelectMany(page => DocBlock.Of(page, File.ReadAllText(Repository.PathOf(page))))];

    /// <summary>Blocks of a page, or of all, in a language.</summary>
    public static IEnumerable<DocBlock> In(string language, string? page = null) =>
        Blocks.Where(block => block.Language == language && (page is null || block.Page == page));
}
