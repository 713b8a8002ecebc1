using System.Text;
using FluentAssertions;
using Relay.Redaction;
using Relay.Redaction.Matching;
using Relay.Redaction.Patterns;
using Xunit;

namespace Relay.Tests.Redaction;

/// <summary>What a text can cost that is made to cost as much as possible.</summary>
public sealed class AutomatonTests
{
    private const string Counted = @"key\.[a-z.]{1,100}=";

    private static byte[] Attack { get; } = Encoding.Latin1.GetBytes(string.Concat(Seeded(1).Take(40_000).Select(count => $"key.{new string('a', count)}")));

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_text_that_leads_to_new_states_without_end_has_few_of_them_made(bool isWatch)
    {
        var automaton = Make(isWatch ? Counted : $"x(?:.*{Counted})", isWatch);
        var state = automaton.Start(Neighbour.Newline);
        if (!isWatch)
        {
            state = automaton.Next(state, (byte)'x');
        }

        foreach (var value in Attack)
        {
            state = automaton.Next(state, value);
        }

        automaton.MadeSteps.Should().BeInRange(Automaton.MostStates / 2, Automaton.MostSteps + 1, "{0:N0} bytes were looked at", Attack.Length);
    }

    [Fact]
    public void What_is_not_kept_is_decided_as_what_is()
    {
        var (full, fresh) = (Make(Counted, isWatch: true), Make(Counted, isWatch: true));
        var state = full.Start(Neighbour.Newline);
        foreach (var value in Attack)
        {
            state = full.Next(state, value);
        }

        var made = full.MadeSteps;
        var text = Encoding.Latin1.GetBytes(string.Concat(Seeded(2).Take(300).Select(count => $"key.{new string('b', count)}{(count % 7 == 0 ? "=" : "")}")));
        var (one, other, matches) = (full.Start(Neighbour.Newline), fresh.Start(Neighbour.Newline), 0);
        foreach (var value in text)
        {
            (one, other) = (full.Next(one, value), fresh.Next(other, value));
            one.Threads.Order().Should().Equal(other.Threads.Order());
            (one.Matches, one.IsIdle).Should().Be((other.Matches, other.IsIdle));
            matches += one.Matches ? 1 : 0;
        }

        matches.Should().BePositive();
        full.MadeSteps.Should().Be(made, "no more were made");
    }

    [Fact]
    public void After_many_steps_that_were_not_kept_there_is_room_for_others()
    {
        var automaton = Make(Counted, isWatch: true);
        var state = automaton.Start(Neighbour.Newline);
        for (var bytes = 0; bytes < 2 * Automaton.StepsUntilEmptied; bytes += Attack.Length)
        {
            foreach (var value in Attack)
            {
                state = automaton.Next(state, value);
            }
        }

        automaton.MadeSteps.Should().BeInRange(Automaton.MostStates + 1, 3 * (Automaton.MostSteps + 1));
    }

    [Theory]
    [InlineData("fs.azure.account.key.")]
    [InlineData("fs.s3a.bucket.")]
    public void No_length_of_a_name_makes_states_of_the_built_in_rules(string key)
    {
        var program = new MatchProgram();
        var starts = BuiltInRules.Definitions.Select(rule => program.Add(rule.Pattern)).ToList();
        var automaton = new Automaton(program, starts, new ByteClasses(program), isWatch: true);
        var state = automaton.Start(Neighbour.Newline);
        foreach (var value in Encoding.Latin1.GetBytes(string.Concat(Seeded(1).Take(10_000).Select(count => key + new string('a', count)))))
        {
            state = automaton.Next(state, value);
        }

        automaton.MadeSteps.Should().BeLessThan(500);
    }

    private static Automaton Make(string regex, bool isWatch)
    {
        var program = new MatchProgram();
        var start = program.Add(PatternParser.Parse(regex));
        return new Automaton(program, [start], new ByteClasses(program), isWatch);
    }

    private static IEnumerable<int> Seeded(int seed)
    {
        var random = new Random(seed);
        while (true)
        {
            yield return random.Next(30);
        }
    }
}
