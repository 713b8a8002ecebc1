using System.CommandLine;
using Relay.Client;

namespace Relay.Terminal;

/// <summary>How both tools reach the relay: the address of <c>--url</c>, the authorities of <c>--ca</c>, and the token of the environment.</summary>
internal static class RelayConnection
{
    public const string TokenVariable = "RELAY_TOKEN";

    public static RelayClientOptions To(Uri url, RelayAuthorities? authorities) =>
        new() { Url = url, Token = Token, CertificateAuthorities = authorities?.Certificates };

    public static RelayClientOptions To(ParseResult parsed, Option<string> url, Option<RelayAuthorities?> authorities) =>
        To(new Uri(parsed.GetRequiredValue(url)), parsed.GetValue(authorities));

    /// <summary>What is wrong with the environment, in a sentence that does not show the token; null when nothing is.</summary>
    public static string? Problem => Token is { } token && !RelayClientOptions.IsToken(token, out var problem) ? $"${TokenVariable} {problem}" : null;

    private static string? Token => Environment.GetEnvironmentVariable(TokenVariable) is { Length: > 0 } token ? token : null;
}
