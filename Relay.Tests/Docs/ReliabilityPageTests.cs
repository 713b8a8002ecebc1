using System.Reflection;
using System.Text.RegularExpressions;
using FluentAssertions;
using Relay.Tests.TestKit;
using Xunit;

namespace Relay.Tests.Docs;

/// <summary>docs/reliability.md names tests and figures: the tests are there, and every fault that is measured has its row.</summary>
public sealed partial class ReliabilityPageTests
{
    private static readonly string[] Lines = File.ReadAllLines(Repository.PathOf("docs", "reliability.md"));

    [Fact]
    public void Every_test_that_is_named_exists()
    {
        var named = CodeSpan().Matches(string.Join('\n', Lines)).Select(match => match.Groups["code"].Value).Where(LooksLikeATest).Distinct(StringComparer.Ordinal).ToList();

        named.Should().HaveCountGreaterThan(50);
        named.Where(name => !IsTest(name)).Should().BeEmpty("a test is named by folder, class and method, as in `Faults/KillTests.Some_sentence`");
    }

    [Fact]
    public void Each_promise_names_its_tests()
    {
        foreach (var promise in string.Join('\n', Section("Promises")).Split("\n### ").Skip(1))
        {
            CodeSpan().Matches(promise).Select(match => match.Groups["code"].Value).Where(IsTest).Should().NotBeEmpty("a test holds the promise '{0}'", promise.Split('\n')[0]);
        }
    }

    [Fact]
    public void Every_fault_that_is_measured_has_a_row_and_every_row_a_measurement()
    {
        var measured = Repository.Sources("Relay.Tests").SelectMany(file => Measured(Repository.PathOf(file))).ToList();
        var rows = Rows(Section("Sizes"));

        measured.Should().NotBeEmpty();
        measured.Where(fault => !rows.Exists(fault.IsMatch)).Should().BeEmpty("the table under 'Sizes' has a row for each fault that is reported");
        rows.Concat(Rows(Figures())).Where(row => !measured.Exists(fault => fault.IsMatch(row))).Should().BeEmpty("each row is called as a test reports it");
    }

    private static bool LooksLikeATest(string code) => code.Contains("Tests.", StringComparison.Ordinal) && !code.Contains(' ', StringComparison.Ordinal);

    private static bool IsTest(string name)
    {
        var match = TestName().Match(name);
        var type = typeof(ReliabilityPageTests).Assembly.GetType($"Relay.Tests.{match.Groups["class"].Value.Replace('/', '.')}");
        return match.Success && type?.GetMethod(match.Groups["method"].Value)?.GetCustomAttributes<FactAttribute>().Any() is true;
    }

    /// <summary>What a source file reports, as patterns: constants of the file are put in, any other value may be anything.</summary>
    private static IEnumerable<Regex> Measured(string path)
    {
        var source = File.ReadAllText(path);
        var constants = Constant().Matches(source).ToDictionary(match => match.Groups["name"].Value, match => match.Groups["value"].Value, StringComparer.Ordinal);
        var calls = Report().Matches(source);
        calls.Should().HaveCount(source.Split("FaultRun" + ".Report(").Length - 1, "the fault is a literal in each report of {0}", path);
        return calls.Select(call => new Regex($"^{Pattern(call.Groups["fault"].Value, constants)}$", RegexOptions.ExplicitCapture, TimeSpan.FromSeconds(10)));
    }

    private static string Pattern(string literal, Dictionary<string, string> constants) =>
        string.Concat(Value().Split(literal).Select((part, i) => i % 2 == 0 ? Regex.Escape(part) : constants.TryGetValue(part, out var value) ? Regex.Escape(value) : ".+"));

    private static IEnumerable<string> Section(string title) =>
        Lines.SkipWhile(line => line != $"## {title}").Skip(1).TakeWhile(line => !line.StartsWith("## ", StringComparison.Ordinal));

    private static IEnumerable<string> Figures() => Lines.SkipWhile(line => line != "<!-- figures -->").TakeWhile(line => line != "<!-- /figures -->");

    /// <summary>The first cells of a table's rows, without its head.</summary>
    private static List<string> Rows(IEnumerable<string> lines) =>
        [.. lines.Where(line => line.StartsWith("| ", StringComparison.Ordinal)).Select(line => line.Split(" | ")[0][2..]).Where(cell => cell != "fault")];

    [GeneratedRegex("`(?<code>[^`\n]+)`", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 10_000)]
    private static partial Regex CodeSpan();

    [GeneratedRegex(@"^(?<class>\w+(/\w+)+)\.(?<method>\w+)$", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 10_000)]
    private static partial Regex TestName();

    [GeneratedRegex("""const string (?<name>\w+) = "(?<value>[^"]*)";""", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 10_000)]
    private static partial Regex Constant();

    [GeneratedRegex("""FaultRun\.Report\(\s*\w+,\s*\$?"(?<fault>[^"]*)",""", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 10_000)]
    private static partial Regex Report();

    // With the capture Split yields what stands between the braces, too.
    [GeneratedRegex(@"\{(?<value>[^}]*)\}", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 10_000)]
    private static partial Regex Value();
}
