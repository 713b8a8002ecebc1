using FluentAssertions;
using Relay.Redaction;
using Relay.Redaction.Patterns;
using Relay.Tests.Faults;
using Relay.Tests.TestKit;
using Xunit;

namespace Relay.Tests.Redaction;

/// <summary>The file of own words.</summary>
public sealed class OwnWordsTests : IDisposable
{
    private readonly TempFolder _folder = new();

    private string File => _folder["words"];

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Blank_lines_and_comments_are_passed_over()
    {
        System.IO.File.WriteAllText(File, "# ours\n\n  correct-horse \r\nßßßß\n");

        OwnWords.ReadFile(File).Should().Equal("correct-horse", "ßßßß");
    }

    [Theory]
    [InlineData("long-enough\nshort77\n", "Line 2 of * is a word of 7 bytes; it must have at least 8*")]
    [InlineData("# nothing\n", "*holds none: put one on each line.")]
    public void A_file_that_would_mask_too_much_or_nothing_is_refused_without_showing_a_word(string content, string message)
    {
        System.IO.File.WriteAllText(File, content);
        var read = () => OwnWords.ReadFile(File);

        read.Should().Throw<RuleException>().WithMessage(message).Which.Message.Should().NotContain("short77");
    }

    [Fact]
    public void A_file_that_is_missing_or_not_text_is_refused()
    {
        var read = () => OwnWords.ReadFile(File);

        read.Should().Throw<RuleException>().WithMessage($"The file of words cannot be read: *{File}*");
        System.IO.File.WriteAllBytes(File, [0xFF, 0xFE, 0xC0, 10]);
        read.Should().Throw<RuleException>().WithMessage("*is not UTF-8.");
    }

    [Fact]
    public Task Many_words_are_found_the_longest_first() => Seeds.ForEach(20, seed =>
    {
        var random = new Random(seed);
        var words = Enumerable.Range(0, 300).Select(_ => new string([.. Enumerable.Range(0, random.Next(8, 12)).Select(_ => "ab"[random.Next(2)])])).ToHashSet(StringComparer.Ordinal);
        var text = new string([.. Enumerable.Range(0, 400).Select(_ => "ababc"[random.Next(5)])]);
        var expected = new System.Text.StringBuilder();
        for (var at = 0; at < text.Length;)
        {
            var word = words.Where(word => text.AsSpan(at).StartsWith(word)).MaxBy(word => word.Length);
            expected.Append(word is null ? text[at] : "[redacted:word]");
            at += word?.Length ?? 1;
        }

        MaskedText.Of(new RedactionRules([OwnWords.ToRule(words)]), text).Should().Be(expected.ToString());
        return Task.CompletedTask;
    });
}
