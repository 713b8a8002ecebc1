using Microsoft.Extensions.Options;
using Relay.Server.Storage;

namespace Relay.Server.Security;

/// <summary>What <see cref="SecurityOptions"/> say, read once.</summary>
internal sealed class AccessRules
{
    private const int MinKey = 32;
    private const int MaxKey = 4096;
    private readonly List<TokenHash> _adminKeys = [];

    private AccessRules(SecurityOptions options, List<string> faults)
    {
        IsOpen = options.Auth == AuthMode.None;
        ReadKeys(options, faults);
        Anonymous = NetworkList.Parse(options.AnonymousNetworks ?? (HasKeys ? "none" : "loopback"), "--anonymous-networks", faults);
        Proxies = NetworkList.Parse(options.KnownProxies, "--known-proxies", faults);
        HostNames = HostNamesOf(options.HostNames, faults);
        Origins = AllowedOrigins.Parse(options.AllowedOrigins, faults);
    }

    /// <summary>Nobody is asked.</summary>
    public bool IsOpen { get; }

    /// <summary>Everybody may do everything, by <c>--auth none</c> or because every address there is was named.</summary>
    public bool IsOpenToAll => IsOpen || Anonymous.Networks.Any(network => network.PrefixLength == 0);

    public bool HasKeys => _adminKeys.Count > 0;

    /// <summary>Whose requests need no token.</summary>
    public NetworkList Anonymous { get; }

    /// <summary>Who speaks for others.</summary>
    public NetworkList Proxies { get; }

    /// <summary>Whose pages may use the relay.</summary>
    public AllowedOrigins Origins { get; }

    /// <summary>What callers without a token may call the relay, beside its addresses and names without a dot.</summary>
    public IReadOnlySet<string> HostNames { get; }

    /// <summary>Whether it is an admin key. All are looked at, each in constant time.</summary>
    public bool IsAdminKey(TokenHash hash)
    {
        var found = false;
        foreach (var key in _adminKeys)
        {
            found |= key.Matches(hash);
        }

        return found;
    }

    /// <summary>Who is let in, in words for the log at the start and for <c>/health</c>.</summary>
    public override string ToString() => IsOpenToAll
        ? "open: whoever reaches the relay may read, write and delete everything"
        : $"{_adminKeys.Count} admin {(_adminKeys.Count == 1 ? "key" : "keys")}; without a token: {Anonymous}";

    private static HashSet<string> HostNamesOf(string text, List<string> faults)
    {
        var names = text.Split([',', ' '], StringSplitOptions.RemoveEmptyEntries).ToHashSet(StringComparer.OrdinalIgnoreCase);
        faults.AddRange(names.Where(name => Uri.CheckHostName(name) == UriHostNameType.Unknown)
            .Select(name => $"--host-names must be names such as relay.example.org, without scheme and port, separated by commas; '{name}' is none."));
        return names;
    }

    private void ReadKeys(SecurityOptions options, List<string> faults)
    {
        foreach (var (key, place) in KeysOf(options, faults))
        {
            var stranger = key.AsSpan().IndexOfAnyExceptInRange('!', '~');
            if (key.Length is < MinKey or > MaxKey || stranger >= 0)
            {
                var what = stranger >= 0 ? $"character {stranger + 1} is none" : $"it has {key.Length}";
                faults.Add($"{place} must have {MinKey}–{MaxKey} visible ASCII characters; {what}. 'openssl rand -base64 32' makes a good one.");
            }
            else
            {
                _adminKeys.Add(TokenHash.Of(key));
            }
        }
    }

    private static IEnumerable<(string Key, string Place)> KeysOf(SecurityOptions options, List<string> faults)
    {
        var given = options.AdminKeys.Split((char[]?)[',', ' ', '\t', '\r', '\n'], StringSplitOptions.RemoveEmptyEntries).Select((key, i) => (key, $"Key {i + 1} of RELAY_ADMIN_KEYS"));
        return options.AdminKeysFile.Length == 0 ? given : given.Concat(KeysIn(options.AdminKeysFile, faults));
    }

    private static List<(string Key, string Place)> KeysIn(string path, List<string> faults)
    {
        try
        {
            List<(string Key, string Place)> keys =
            [
                .. File.ReadLines(path).Select((line, i) => (Key: line.Trim(), $"Line {i + 1} of {path}")).Where(line => line.Key.Length > 0 && line.Key[0] != '#'),
            ];
            if (keys.Count == 0)
            {
                faults.Add($"--admin-keys-file {path} has no key. Put one in a line, or leave the option out.");
            }

            return keys;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            faults.Add($"--admin-keys-file cannot be read: {e.Message}");
            return [];
        }
    }

    /// <summary>Tells what is wrong at the start.</summary>
    internal sealed class Validation : IValidateOptions<SecurityOptions>
    {
        public ValidateOptionsResult Validate(string? name, SecurityOptions options)
        {
            List<string> faults = [];
            _ = new AccessRules(options, faults);
            return faults.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(faults);
        }
    }

    public static AccessRules Read(IServiceProvider services) => new(services.GetRequiredService<IOptions<SecurityOptions>>().Value, []);
}
