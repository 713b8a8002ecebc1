using System.CommandLine;
using System.CommandLine.Parsing;
using Relay.Redaction;

namespace Relay.Writer.Delivering;

/// <summary>The options that say which secrets are masked before bytes leave the machine.</summary>
internal sealed class RedactionSettings
{
    private const string OnVariable = "RELAY_REDACT";
    private const string WordsVariable = "RELAY_REDACT_WORDS";

    private readonly Option<bool> _redact = new("--redact") { Description = $"Mask cloud keys, tokens, passwords and private keys before anything leaves this machine; also by ${OnVariable}=1." };
    private readonly Option<string?> _words = new("--redact-words") { Description = $"Mask the words in this file, one a line; also by ${WordsVariable}.", HelpName = "FILE" };
    private readonly Option<string[]> _regexes = new("--redact-regex")
    {
        Description = "Mask what matches, or the group (?<secret>…) of it. May be given many times.",
        Arity = ArgumentArity.OneOrMore,
        AllowMultipleArgumentsPerToken = false,
        HelpName = "REGEX",
    };

    private readonly Option<int?> _leastBytes = new("--redact-min-length") { Description = $"Leave alone what --redact-regex finds if it is shorter. [default: {RuleSources.DefaultLeastBytes}]", HelpName = "N" };

    private RedactionRules? _rules;

    public void AddTo(Command command)
    {
        foreach (var option in new Option[] { _redact, _words, _regexes, _leastBytes })
        {
            command.Options.Add(option);
        }

        command.Validators.Add(Check);
    }

    /// <returns>Null when nothing is to be masked.</returns>
    public RedactionRules? Read() => _rules;

    private static string? Variable(string name) => Environment.GetEnvironmentVariable(name) is { Length: > 0 } value ? value : null;

    /// <summary>Here and not when they are read: a rule that cannot be used is a fault of the command line.</summary>
    private void Check(CommandResult result)
    {
        var faults = new List<string>();
        var least = result.GetResult(_leastBytes)?.Tokens is [var token] && int.TryParse(token.Value, out var number) ? number : RuleSources.DefaultLeastBytes;
        if (least is < 1 or > RuleSources.MostLeastBytes)
        {
            faults.Add($"--redact-min-length must be between 1 and {RuleSources.MostLeastBytes}; it is {least}.");
        }

        if (Variable(OnVariable) is { } on && on is not ("0" or "1"))
        {
            faults.Add($"${OnVariable} must be 1 or 0; it is '{on}'.");
        }

        var words = result.GetResult(_words)?.Tokens is [var file] ? file.Value : Variable(WordsVariable);
        if (words is "")
        {
            faults.Add("--redact-words must name a file.");
        }
        else if (faults.Count == 0)
        {
            var builtIn = result.GetResult(_redact) is { Implicit: false } asked ? asked.GetValueOrDefault<bool>() : Variable(OnVariable) == "1";
            _rules = new RuleSources(builtIn, words, [.. result.GetResult(_regexes)?.Tokens.Select(regex => regex.Value) ?? []], least).Read(faults, _words.Name, _regexes.Name);
        }

        foreach (var fault in faults)
        {
            result.AddError(fault);
        }
    }
}
