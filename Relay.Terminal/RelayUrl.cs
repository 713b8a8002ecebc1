using System.CommandLine;
using Relay.Client;

namespace Relay.Terminal;

/// <summary>The <c>--url</c> option of all commands. It also checks what else of the environment leads to the relay: see <see cref="RelayConnection"/>.</summary>
internal static class RelayUrl
{
    private const string Variable = "RELAY_URL";

    public static Option<string> CreateOption()
    {
        var url = new Option<string>("--url")
        {
            Description = $"Address of the relay; also by ${Variable}.",
            DefaultValueFactory = _ => Environment.GetEnvironmentVariable(Variable) is { Length: > 0 } given
                ? given
                : RelayClientOptions.DefaultUrl.OriginalString,
        };
        url.Validators.Add(result =>
        {
            var given = result.GetValueOrDefault<string>();
            if (!Uri.TryCreate(given, UriKind.Absolute, out var address) || address.Scheme is not ("http" or "https"))
            {
                result.AddError($"--url must be an http or https address, such as {RelayClientOptions.DefaultUrl}; it is '{given}'.");
            }

            if (RelayConnection.Problem is { } problem)
            {
                result.AddError(problem);
            }
        });
        return url;
    }
}
