namespace Relay.Server;

/// <summary>Turns the command line into configuration: <c>--port 8160</c>, <c>--port=8160</c>, or any setting as <c>--Streaming:ReaderGrace 00:00:10</c>.</summary>
internal static class CommandLine
{
    public const string Help = """
        SparkLogRelay: live, complete logs of jobs that run elsewhere.

        Usage: dotnet run -c Release --project Relay.Server -- [options]

          --host ADDRESS   IP address, 'localhost' or '*' to listen on (default 0.0.0.0; RELAY_HOST)
          --port PORT      TCP port, 0 lets the system choose (default 8160; RELAY_PORT)
          --ttl TIME       time to live of sessions: seconds, or with s, m, h, d (default 3600; RELAY_TTL)
          --data FOLDER    data folder (default: the local application data, /data in a container; RELAY_DATA)
          --tls-cert FILE  HTTPS with this certificate: PEM with its chain, or PFX (RELAY_TLS_CERT)
          --tls-key FILE   its private key in PEM, if it is in another file (RELAY_TLS_KEY; password: RELAY_TLS_PASSWORD)
          --admin-keys-file FILE    keys that may do everything, one in a line (RELAY_ADMIN_KEYS_FILE; RELAY_ADMIN_KEYS has the keys themselves)
          --anonymous-networks LIST who needs no token: addresses, networks, 'loopback', 'none' (default loopback, or none with a key; RELAY_ANONYMOUS_NETWORKS)
          --host-names LIST         names by which these may call the relay, beside its addresses and names without a dot (RELAY_HOST_NAMES)
          --path-base PATH          path below which a proxy shows the relay, as /relay (RELAY_PATH_BASE)
          --known-proxies LIST      proxies whose X-Forwarded-For is believed (RELAY_KNOWN_PROXIES)
          --allowed-origins LIST    origins whose web pages may use the relay (RELAY_ALLOWED_ORIGINS)
          --auth tokens|none        none: whoever reaches the relay may do everything (RELAY_AUTH)
          --SECTION:KEY V  any setting of appsettings.json, e.g. --Storage:Fsync Group (RELAY_STORAGE__FSYNC)
          --help           this text

        See docs/operations.md for all settings.
        """;

    private const string Password = "tls-password";

    private static readonly string[] Options =
    [
        "host", "port", "ttl", "data", "tls-cert", "tls-key", "admin-keys-file", "anonymous-networks", "host-names", "path-base", "known-proxies", "allowed-origins", "auth",
    ];

    private static readonly string[] Sections = ["Storage", "Sessions", "Streaming", "Lines", "Security", "Limits", "Redaction", "Serilog"];

    /// <param name="args">The command line.</param>
    /// <param name="faults">Receives a line for each option that is unknown or has no value.</param>
    public static Dictionary<string, string?> Parse(IReadOnlyList<string> args, List<string> faults)
    {
        var values = new Dictionary<string, string?>(StringComparer.OrdinalIgnoreCase);
        for (var i = 0; i < args.Count; i++)
        {
            var (name, value) = Split(args[i]);
            if (string.Equals(name, Password, StringComparison.OrdinalIgnoreCase))
            {
                faults.Add("--tls-password cannot be given on the command line, which everybody on this machine can see; give it by RELAY_TLS_PASSWORD, or as TlsPassword in appsettings.json.");
                i += value is null && i + 1 < args.Count && !IsOption(args[i + 1]) ? 1 : 0;
                continue;
            }

            if (name is null || !IsKnown(name))
            {
                faults.Add($"Unknown option '{args[i]}'. Known are {string.Join(", ", Options.Select(option => $"--{option}"))}, and settings as --Section:Key with section {string.Join(", ", Sections)}.");
                i += name is not null && value is null && i + 1 < args.Count && !IsOption(args[i + 1]) ? 1 : 0; // Its value is not a fault of its own.
                continue;
            }

            if (value is null && i + 1 < args.Count && !IsOption(args[i + 1]))
            {
                value = args[++i];
            }

            if (string.IsNullOrEmpty(value))
            {
                faults.Add($"--{name} needs a value.");
            }

            values[name] = value;
        }

        return values;
    }

    /// <summary>
    /// The value of an option that has a name of its own; null when it is absent or empty. The names differ by their sources in more than case
    /// (<c>known-proxies</c>, <c>KNOWN_PROXIES</c>, <c>KnownProxies</c>), so which goes first is settled here.
    /// </summary>
    public static string? Setting(IConfiguration configuration, string name) =>
        new[] { name, name.Replace('-', '_'), name.Replace("-", "", StringComparison.Ordinal) }
            .Select(key => configuration[key])
            .FirstOrDefault(value => value is { Length: > 0 });

    private static (string? Name, string? Value) Split(string argument)
    {
        if (!IsOption(argument))
        {
            return (null, null);
        }

        var equals = argument.IndexOf('=', StringComparison.Ordinal);
        return equals < 0 ? (argument[2..], null) : (argument[2..equals], argument[(equals + 1)..]);
    }

    private static bool IsOption(string argument) => argument.StartsWith("--", StringComparison.Ordinal);

    private static bool IsKnown(string name) =>
        Options.Contains(name, StringComparer.OrdinalIgnoreCase)
        || (name.IndexOf(':', StringComparison.Ordinal) is > 0 and var colon && Sections.Contains(name[..colon], StringComparer.OrdinalIgnoreCase));
}
