using System.CommandLine;
using System.CommandLine.Completions;
using Relay.Cli.Sessions;
using Relay.Client;
using Relay.Terminal;

namespace Relay.Cli.Completion;

/// <summary>
/// A command line that is being typed; its last word is what is to be completed. Goes by the commands and options as they are defined, so a new
/// one is completed without being named here.
/// </summary>
internal sealed class TypedLine
{
    private readonly List<string> _words;
    private readonly string _prefix;
    private readonly string _word;
    private readonly Command _command;
    private readonly Option? _option;

    public TypedLine(RootCommand root, IReadOnlyList<string> words)
    {
        var (before, last) = words.Count > 0 ? (words.Take(words.Count - 1).ToList(), words[^1]) : ([], "");
        _words = before;
        _word = last;
        _prefix = "";
        _command = before.Count > 0 ? root.Subcommands.FirstOrDefault(command => Named(command.Name, before[0])) ?? root : root;
        if (last.StartsWith("--", StringComparison.Ordinal) && last.IndexOf('=', StringComparison.Ordinal) is > 0 and var equals)
        {
            _prefix = last[..(equals + 1)];
            _option = OptionOf(last[..equals]);
        }
        else if (before.Count > 0 && OptionOf(before[^1]) is { } option && option.ValueType != typeof(bool))
        {
            _option = option;
        }
    }

    /// <summary>Whether the id of a session is wanted.</summary>
    public bool WantsSessions => !WantsOption && _command.Arguments.Any(argument => Named(argument.Name, SessionArgument.Name));

    /// <summary>The relay that the line, or else the environment, names; <c>null</c> when it names none that could be asked.</summary>
    public RelayClientOptions? Relay
    {
        get
        {
            var (url, ca) = (RelayUrl.CreateOption(), RelayAuthorities.CreateOption());
            var parsed = new RootCommand { url, ca }.Parse([.. OnLine(url), .. OnLine(ca)]);
            return parsed.Errors.Count == 0 ? RelayConnection.To(parsed, url, ca) : null;
        }
    }

    private bool WantsOption => _option is not null || _word.StartsWith('-');

    public IEnumerable<string> Candidates() => Words().Select(candidate => _prefix + candidate);

    public bool Fits(string candidate) => candidate.StartsWith(_word, StringComparison.Ordinal);

    private IEnumerable<string> Words() =>
        _option is not null ? ValuesOf(_option)
        : _word.StartsWith('-') ? _command.Options.Where(option => !option.Hidden).Select(option => option.Name).Append("--help").Distinct(StringComparer.Ordinal)
        : [.. _command.Subcommands.Where(command => !command.Hidden).Select(command => command.Name), .. _command.Arguments.SelectMany(ValuesOf)];

    private Option? OptionOf(string name) => _command.Options.FirstOrDefault(option => Named(option.Name, name) || option.Aliases.Contains(name));

    private IEnumerable<string> OnLine(Option option)
    {
        var at = _words.FindLastIndex(word => word == option.Name || word.StartsWith($"{option.Name}=", StringComparison.Ordinal));
        return at < 0 ? [] : _words.Skip(at).Take(_words[at] == option.Name ? 2 : 1);
    }

    private static IEnumerable<string> ValuesOf(Symbol symbol) => symbol.GetCompletions(CompletionContext.Empty).Select(item => item.Label);

    private static bool Named(string name, string word) => string.Equals(name, word, StringComparison.Ordinal);
}
