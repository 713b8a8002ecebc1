using System.Text;
using FluentAssertions;
using Relay.Redaction;
using Relay.Tests.Faults;
using Xunit;

namespace Relay.Tests.Redaction;

/// <summary>The engine: whatever the chunks, the same bytes come out, and none waits longer than a rule needs.</summary>
public sealed class RedactorTests
{
    private const string Token = "ghp_16C7e42F292c6912E7710c838347Ae178B4a";

    private static readonly RedactionRules Own = MaskedText.Rules(
        "token-(?<secret>[a-z0-9]{8,})", "[0-9]{4}-[0-9]{4}-[0-9]{4}-[0-9]{4}", "(?i)BEGIN.*?END", @"\bkey\b: (?<secret>\w+)$", "[a-z]+@corp", "(?s)<<.*>>");

    private static readonly RedactionRules Words = new([OwnWords.ToRule(["correct-horse", "correct-horse-battery", "größenwahn", "correct-donkey"])]);

    [Theory]
    [InlineData("the word is correct-horse.", "the word is [redacted:word].")]
    [InlineData("correct-horse-battery", "[redacted:word]")]
    [InlineData("correct-horse-bat", "[redacted:word]-bat")]
    [InlineData("correct-d correct-donkeys", "correct-d [redacted:word]s")]
    public void Own_words_are_masked_the_longest_first(string text, string masked)
    {
        MaskedText.Of(Words, text).Should().Be(masked);
    }

    [Fact]
    public void Words_are_found_by_their_bytes()
    {
        var bytes = Encoding.Latin1.GetString(Encoding.UTF8.GetBytes("aus Größenwahn, größenwahn!"));

        Encoding.UTF8.GetString(Encoding.Latin1.GetBytes(MaskedText.Of(Words, bytes))).Should().Be("aus Größenwahn, [redacted:word]!");
    }

    [Theory]
    [InlineData("a token-abcdefgh1 b", "a token-[redacted:regex-1] b")]
    [InlineData("begin x end y end", "[redacted:regex-3] y end")]
    [InlineData("key: abc\nkey: abc d\nmonkey: abc\n", "key: [redacted:regex-4]\nkey: abc d\nmonkey: abc\n")]
    [InlineData("1111-2222-3333-4444", "[redacted:regex-2]")]
    [InlineData("x <<a\nb>> c>> y", "x [redacted:regex-6] y")]
    public void Own_regexes_mean_what_they_mean_elsewhere(string text, string masked)
    {
        MaskedText.Of(Own, text).Should().Be(masked);
    }

    [Fact]
    public void Secrets_that_overlap_are_masked_as_one()
    {
        var rules = MaskedText.Rules("abcdef", "defghi");

        MaskedText.Of(rules, "-abcdefghi-").Should().Be("-[redacted:regex-1]-");
        MaskedText.Of(rules, "-abcdefghi-", MaskStyle.SameLength).Should().Be("-*********-");
    }

    [Fact]
    public void A_secret_that_is_shorter_than_the_least_is_left_alone()
    {
        var rules = new RedactionRules([RuleDefinition.FromRegex("regex-1", "id=(?<secret>[0-9]+)", leastBytes: 8)]);

        MaskedText.Of(rules, "id=1234567 id=12345678").Should().Be("id=1234567 id=[redacted:regex-1]");
    }

    [Fact]
    public void A_mask_of_the_same_length_moves_no_byte()
    {
        MaskedText.Of(MaskedText.BuiltIn, $"a {Token} b", MaskStyle.SameLength).Should().Be($"a {new string('*', Token.Length)} b");
    }

    [Theory]
    [InlineData("26/01/31 INFO one line\n", "26/01/31 INFO one line\n")]
    [InlineData("progress 50% ", "progress 50% ")]
    [InlineData("see AKIA", "see ")]
    [InlineData("see AKIAIOSFODNN7EXAMPLE", "see ")]
    [InlineData($"see {Token}", "see ")]
    [InlineData($"see {Token}\n", "see [redacted:github-token]\n")]
    [InlineData("http://host:8080/", "http://host:8080/")]
    [InlineData("http://user:pass", "http")]
    public void A_byte_that_cannot_be_part_of_a_secret_leaves_at_once(string text, string atOnce)
    {
        MaskedText.AtOnce(MaskedText.BuiltIn, text).Should().Be(atOnce);
    }

    [Fact]
    public void A_chunk_without_secrets_is_passed_on_without_a_copy()
    {
        var redactor = new Redactor(MaskedText.BuiltIn, MaskStyle.Named, _ => { });
        ReadOnlyMemory<byte> chunk = "26/01/31 INFO one line\n"u8.ToArray();

        redactor.Take(chunk).Should().Be(chunk);
    }

    [Fact]
    public void Every_mask_is_told_by_the_name_of_its_rule()
    {
        var told = new List<string>();
        var redactor = new Redactor(MaskedText.BuiltIn, MaskStyle.Named, told.Add);

        redactor.Take(Encoding.Latin1.GetBytes($"{Token} http://a:b@c {Token}"));
        redactor.Decide(isEnd: true);

        told.Should().Equal("github-token", "url-password", "github-token");
    }

    [Fact]
    public void What_is_held_is_decided_when_nothing_follows()
    {
        var redactor = new Redactor(MaskedText.BuiltIn, MaskStyle.Named, _ => { });

        Text(redactor.Take(Encoding.Latin1.GetBytes("a AKIA"))).Should().Be("a ");
        redactor.HeldBytes.Should().Be(4);
        Text(redactor.Decide(isEnd: false)).Should().Be("AKIA");
        Text(redactor.Take(Encoding.Latin1.GetBytes(Token))).Should().BeEmpty();
        Text(redactor.Decide(isEnd: false)).Should().Be("[redacted:github-token]");
        Text(redactor.Take(Encoding.Latin1.GetBytes("XYZ."))).Should().Be(".", "the token went on after the pause");
    }

    [Fact]
    public void A_secret_longer_than_what_may_be_held_is_masked_to_its_end()
    {
        var text = $"a ghp_{new string('x', 100_000)} b";

        MaskedText.Of(MaskedText.BuiltIn, text).Should().Be("a [redacted:github-token] b");
        MaskedText.Of(MaskedText.BuiltIn, text, MaskStyle.SameLength).Should().Be($"a {new string('*', 100_004)} b");
        MaskedText.Of(MaskedText.BuiltIn, text.Chunk(1000).Select(chunk => new string(chunk))).Should().Be("a [redacted:github-token] b");
    }

    [Fact]
    public void A_secret_within_something_long_that_comes_to_no_end_is_masked()
    {
        var text = $"BEGIN {new string('.', 16_370)}token-abcdefgh {new string('.', 20_000)}";

        foreach (var size in new[] { 1, 1000, 100_000 })
        {
            MaskedText.Of(Own, text.Chunk(size).Select(chunk => new string(chunk))).Should().Be(text.Replace("abcdefgh", "[redacted:regex-1]", StringComparison.Ordinal));
        }
    }

    [Fact]
    public void What_was_held_for_nothing_does_not_move_the_end_of_what_may_be_held()
    {
        var rules = MaskedText.Rules("password", "BEGIN[^!]*END");
        var text = $"pBEGIN{new string('.', Redactor.MostHeldBytes - 8)}END!";

        MaskedText.Of(rules, text).Should().Be("p[redacted:regex-2]!");
        MaskedText.Of(rules, [text[..1], text[1..]]).Should().Be("p[redacted:regex-2]!");
    }

    [Fact]
    public void What_is_held_is_bounded()
    {
        var redactor = new Redactor(Own, MaskStyle.Named, _ => { });
        var most = 0;
        for (var i = 0; i < 200; i++)
        {
            redactor.Take(Encoding.Latin1.GetBytes($"begin {new string('z', 1000)}"));
            most = Math.Max(most, redactor.HeldBytes);
        }

        most.Should().BeInRange(8 * 1024, Redactor.MostHeldBytes);
    }

    [Fact]
    public void Every_way_to_cut_a_secret_in_two_gives_the_same()
    {
        var text = string.Join('\n', BuiltInRules.All.Select(rule => $"x {rule.Example} y {rule.CounterExample}"));
        var whole = MaskedText.Of(MaskedText.BuiltIn, text);

        for (var at = 0; at <= text.Length; at++)
        {
            MaskedText.Of(MaskedText.BuiltIn, [text[..at], text[at..]]).Should().Be(whole, "it was cut at {0}", at);
        }

        MaskedText.Of(MaskedText.BuiltIn, text.Select(one => one.ToString())).Should().Be(whole);
        BuiltInRules.All.Should().OnlyContain(rule => whole.Contains($"[redacted:{rule.Name}]"));
    }

    [Fact]
    public Task Chunks_do_not_change_what_comes_out() => Seeds.ForEachInParallel(FaultRun.Size(everyRun: 30, full: 1000), seed =>
    {
        var random = new Random(seed);
        foreach (var rules in new[] { MaskedText.BuiltIn, Own, Words })
        {
            var text = Haystack(random, random.Next(4) == 0 ? 60_000 : 3000);
            var (named, stars) = (MaskedText.Of(rules, text), MaskedText.Of(rules, text, MaskStyle.SameLength));

            foreach (var longest in new[] { 1, 7, 100, 5000 })
            {
                var chunks = MaskedText.Cut(text, random, longest).ToList();
                MaskedText.Of(rules, chunks).Should().Be(named);
                MaskedText.Of(rules, chunks, MaskStyle.SameLength).Should().Be(stars);
            }

            stars.Length.Should().Be(text.Length);
            for (var i = 0; i < text.Length; i++)
            {
                (stars[i] == text[i] || stars[i] == '*').Should().BeTrue();
            }
        }

        return Task.CompletedTask;
    });

    private static string Text(ReadOnlyMemory<byte> bytes) => Encoding.Latin1.GetString(bytes.Span);

    /// <summary>Examples, halves of them, what runs on for long, and any bytes.</summary>
    private static string Haystack(Random random, int length)
    {
        var text = new StringBuilder();
        while (text.Length < length)
        {
            var example = BuiltInRules.All[random.Next(BuiltInRules.All.Count)].Example;
            text.Append(random.Next(12) switch
            {
                0 or 1 => example,
                2 => example[..random.Next(example.Length)],
                3 => example[random.Next(example.Length)..],
                4 => Token,
                5 => "token-abcdefgh12 1111-2222-3333-4444 key: abc\n<<a>> Begin end BEGIN abc@corp correct-horse-battery correct-horse-bat gr\u00c3\u00b6\u00c3\u009fenwahn",
                6 => new string((char)random.Next('a', 'z'), random.Next(random.Next(20) == 0 ? 30_000 : 40)),
                7 => new string([.. Enumerable.Range(0, random.Next(20)).Select(_ => (char)random.Next(256))]),
                8 => "\n",
                9 => "<<",
                _ => " INFO TaskSetManager: Finished task 3.0 in stage 1.0 ",
            });
        }

        return text.ToString();
    }
}
