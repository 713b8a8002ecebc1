using System.CommandLine;
using System.Text.RegularExpressions;

namespace Relay.Cli.Tail;

/// <summary><c>--grep</c> and the lines around a match.</summary>
internal sealed class GrepOptions
{
    private const int MostContext = 10_000;

    private readonly Option<Regex?> _pattern = new("--grep")
    {
        Description = "Show only lines that match a regular expression (.NET's, without look-around and back references; (?i) ignores case).",
        HelpName = "REGEX",
        CustomParser = result =>
        {
            var text = result.Tokens is [var token] ? token.Value : "";
            try
            {
                // In time that grows with the line and not with the pattern's tricks.
                return new Regex(text, RegexOptions.NonBacktracking | RegexOptions.CultureInvariant);
            }
            catch (NotSupportedException)
            {
                result.AddError($"--grep must do without look-around, back references and atomic groups; it is '{text}'.");
            }
            catch (ArgumentException e)
            {
                result.AddError($"--grep must be a regular expression. {e.Message}");
            }

            return null;
        },
    };

    private readonly Option<int?> _after = Context("-A", "--after-context", "With --grep: lines shown after a match.");
    private readonly Option<int?> _before = Context("-B", "--before-context", "With --grep: lines shown before a match.");
    private readonly Option<int?> _around = Context("-C", "--context", "With --grep: lines shown before and after a match.");

    public void AddTo(Command command)
    {
        command.Options.Add(_pattern);
        foreach (var option in new[] { _after, _before, _around })
        {
            command.Options.Add(option);
        }

        command.Validators.Add(result =>
        {
            var hasContext = new[] { _after, _before, _around }.Any(option => result.GetResult(option) is { Implicit: false });
            if (hasContext && result.GetResult(_pattern) is null)
            {
                result.AddError("-A, -B and -C show lines around a match, so they need --grep.");
            }
        });
    }

    public TailOptions Apply(ParseResult parsed, TailOptions options) => options with
    {
        Grep = parsed.GetValue(_pattern),
        Before = parsed.GetValue(_before) ?? parsed.GetValue(_around) ?? 0,
        After = parsed.GetValue(_after) ?? parsed.GetValue(_around) ?? 0,
    };

    private static Option<int?> Context(string name, string alias, string description)
    {
        var option = new Option<int?>(name, alias) { Description = description, HelpName = "N" };
        option.Validators.Add(result =>
        {
            if (result.Tokens is [var token] && !(int.TryParse(token.Value, out var count) && count is >= 0 and <= MostContext))
            {
                result.AddError($"{name} must be a number of lines from 0 to {MostContext}; it is '{token.Value}'.");
            }
        });
        return option;
    }
}
