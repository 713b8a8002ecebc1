using Relay.Redaction;

namespace Relay.Server.Security;

/// <summary>Which secrets the relay masks before it stores what writers send, configuration section <c>Redaction</c>.</summary>
internal sealed class RedactionOptions
{
    public const string Section = "Redaction";

    /// <summary>Whether to mask at all: then with the built-in rules, and with what the other settings add. Default false.</summary>
    public bool Enabled { get; set; }

    /// <summary>A file of own words: UTF-8, one a line, at least 8 bytes each. Read at the start. Default: none.</summary>
    public string WordsFile { get; set; } = "";

    /// <summary>Own regular expressions; what their group <c>secret</c> matches is masked, else all of it. Default: none.</summary>
    public string[] Regexes { get; set; } = [];

    /// <summary>What an own regular expression finds is left alone when it has fewer bytes. 1–1024, default 8.</summary>
    public int MinLength { get; set; } = RuleSources.DefaultLeastBytes;

    /// <param name="faults">Receives a line for each rule that cannot be used.</param>
    /// <returns>Null when nothing is to be masked.</returns>
    public RedactionRules? ReadRules(List<string> faults) => Enabled
        ? new RuleSources(BuiltIn: true, WordsFile.Length > 0 ? WordsFile : null, Regexes, MinLength).Read(faults, $"{Section}:{nameof(WordsFile)}", $"{Section}:{nameof(Regexes)}")
        : null;
}
