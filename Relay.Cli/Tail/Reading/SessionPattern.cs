using System.IO.Enumeration;

namespace Relay.Cli.Tail.Reading;

/// <summary>A session as it stands on the command line: its name, or with <c>*</c> and <c>?</c> those of many.</summary>
internal sealed record SessionPattern(string Text)
{
    public bool IsGlob { get; } = Text.AsSpan().ContainsAny('*', '?');

    public bool Matches(string session) => IsGlob ? FileSystemName.MatchesSimpleExpression(Text, session, ignoreCase: false) : session == Text;
}
