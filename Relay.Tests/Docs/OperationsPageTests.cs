using System.Text.RegularExpressions;
using FluentAssertions;
using Relay.Tests.TestKit;
using Xunit;

namespace Relay.Tests.Docs;

/// <summary>docs/operations.md has the figures of each attack that is run, and of no other.</summary>
public sealed partial class OperationsPageTests
{
    [Fact]
    public void Every_attack_has_its_figures()
    {
        var attacks = Repository.Sources("Relay.Tests", "Abuse")
            .SelectMany(file => Report().Matches(File.ReadAllText(Repository.PathOf(file))).Select(call => call.Groups["attack"].Value))
            .Order(StringComparer.Ordinal);
        var rows = File.ReadLines(Repository.PathOf("docs", "operations.md"))
            .SkipWhile(line => line != "<!-- attacks -->").TakeWhile(line => line != "<!-- /attacks -->")
            .Where(line => line.StartsWith("| ", StringComparison.Ordinal)).Select(line => line.Split(" | ")[0][2..]).Where(cell => cell != "attack");

        rows.Order(StringComparer.Ordinal).Should().Equal(attacks);
    }

    // FaultRun.ReportAttack(output, "attack", …), or a method of the class that calls it: the attack is its first text.
    [GeneratedRegex("""Report(Attack|Async)?\((\s*\w+,)*\s*"(?<attack>[^"]+)",""", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 10_000)]
    private static partial Regex Report();
}
