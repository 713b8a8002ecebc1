using System.Text;
using System.Text.RegularExpressions;
using FluentAssertions;
using Relay.Redaction;
using Relay.Redaction.Patterns;
using Relay.Tests.Faults;
using Xunit;

namespace Relay.Tests.Redaction;

/// <summary>Own regular expressions: those that are understood mean what .NET means by them, the others are refused in words.</summary>
public sealed class PatternParserTests
{
    public static TheoryData<string> Regexes =>
    [
        "abc", "a|b|cd", "a*b", "a+?b", "a{2,3}", "a{2,}?c", "(?:ab)+c", "[a-c]+d", "[^a-c]d", @"\d{2}-\d", @"\ba+\b", @"\Ba", "^a+", "b+$", "(?i)aB", "(?i:a)b", "a.c", "(?s)a.c",
        "(ab|a)(bc|c)", "(?:a|ab)(?:c|bcd)", "a??b", "(?:a|b)*c", @"\w+ \w", "[]a]b", @"[\d_]+c", @"\x61b", "a{1,2}{", "(?<secret>a+)b", "(?:a*)+b", @"a(?:b|\b)c?", "(?:a|)b", "[a-]b", @"[\^a]b",
    ];

    [Theory]
    [MemberData(nameof(Regexes))]
    public Task It_finds_what_dotnet_finds(string pattern) => Seeds.ForEach(30, seed =>
    {
        var theirs = new Regex(pattern, RegexOptions.CultureInvariant | RegexOptions.Multiline, TimeSpan.FromSeconds(10));
        var ours = MaskedText.Rules(pattern);
        var random = new Random(seed);
        for (var i = 0; i < 20; i++)
        {
            var text = new string([.. Enumerable.Range(0, random.Next(14)).Select(_ => "aaabbbccd-A 1_\n"[random.Next(15)])]);
            var expected = theirs.Replace(text, match => match.Groups["secret"] is { Success: true } secret
                ? $"{text[match.Index..secret.Index]}[redacted:regex-1]{text[(secret.Index + secret.Length)..(match.Index + match.Length)]}"
                : "[redacted:regex-1]");

            MaskedText.Of(ours, text).Should().Be(expected, "that is what .NET makes of '{0}'", text);
            MaskedText.Of(ours, text.Select(one => one.ToString())).Should().Be(expected);
        }

        return Task.CompletedTask;
    });

    [Theory]
    [MemberData(nameof(Regexes))]
    public Task What_has_left_is_what_leaves_when_all_comes_at_once(string pattern) => Seeds.ForEach(10, seed =>
    {
        var rules = MaskedText.Rules(pattern);
        var random = new Random(seed);
        var text = new string([.. Enumerable.Range(0, random.Next(1, 8)).Select(_ => "aabbccd-A 1_\n"[random.Next(13)])]);
        var redactor = new Redactor(rules, MaskStyle.SameLength, _ => { });
        var left = Encoding.Latin1.GetString(redactor.Take(Encoding.Latin1.GetBytes(text)).Span);

        left.Length.Should().Be(text.Length - redactor.HeldBytes);
        for (var i = 0; i < 30; i++)
        {
            var rest = new string([.. Enumerable.Range(0, random.Next(6)).Select(_ => "aabbccd-A 1_\n"[random.Next(13)])]);
            MaskedText.Of(rules, text + rest, MaskStyle.SameLength)[..left.Length].Should().Be(left, "'{0}' had left before '{1}'", left, rest);
        }

        return Task.CompletedTask;
    });

    [Theory]
    [InlineData("(?=a)b", "looks around")]
    [InlineData("(?<!a)b", "looks around")]
    [InlineData("(?>a)b", "atomic group")]
    [InlineData(@"(a)\1", "refers back")]
    [InlineData(@"(?<x>a)\k<x>", "refers back")]
    [InlineData(@"\Aa", @"^ and $ are the beginning and end of a line")]
    [InlineData(@"a\z", "has no end to wait for")]
    [InlineData("a*", "can match nothing at all")]
    [InlineData(@"\b|^", "can match nothing at all")]
    [InlineData("(a", "( without its )")]
    [InlineData("a)", ") without its (")]
    [InlineData("[a", "[ without its ]")]
    [InlineData("[ä]", "write (?:ä|ö) instead of [äö]")]
    [InlineData("[z-a]", "does not go from one character up to another")]
    [InlineData("[a-z-[b]]", "takes one class from another")]
    [InlineData("*a", "nothing before it to repeat")]
    [InlineData("a**", "repeats a repetition")]
    [InlineData("a(?:(?:(?:){1000}){1000}){1000}", "repeats a group with nothing in it")]
    [InlineData("a(?:(?:)(?:|))*", "repeats a group with nothing in it")]
    [InlineData("a{3,2}", "nothing can satisfy")]
    [InlineData("a{5000}", "more than 1000 times")]
    [InlineData(@"\p{L}a", @"\p, which is not known here")]
    [InlineData("(?x)a", "begins with (?x")]
    [InlineData(@"a\", @"a lone \")]
    [InlineData(@"\xZZ", "without 2 hexadecimal digits")]
    public void What_cannot_be_decided_byte_by_byte_is_refused_by_name(string regex, string message)
    {
        var parse = () => PatternParser.Parse(regex);

        parse.Should().Throw<RuleException>().WithMessage($"The regular expression '{regex.Replace("*", "?", StringComparison.Ordinal)}' *{message.Replace("*", "?", StringComparison.Ordinal)}*");
    }

    [Theory]
    [InlineData("(?:(?:a{100}){100}){10}")]
    [InlineData("a(?:(?:(?:|(?:^)){1000}){1000}){1000}")]
    [InlineData("a(?:(?:(?:(?<secret>)(?:a|)){1000}){1000}){1000}")]
    public void One_that_is_too_large_is_refused(string regex)
    {
        var use = () => MaskedText.Rules(regex);

        use.Should().Throw<RuleException>().WithMessage("*more than 5000 steps*");
    }

    [Fact]
    public void Characters_beyond_ASCII_stand_for_their_bytes()
    {
        var text = Encoding.Latin1.GetString(Encoding.UTF8.GetBytes("straße größööe"));

        Encoding.UTF8.GetString(Encoding.Latin1.GetBytes(MaskedText.Of(MaskedText.Rules("größ(?:ö)+e"), text))).Should().Be("straße [redacted:regex-1]");
        Encoding.UTF8.GetString(Encoding.Latin1.GetBytes(MaskedText.Of(MaskedText.Rules(@"gr\u00f6ßö*"), text))).Should().Be("straße [redacted:regex-1]e");
    }
}
