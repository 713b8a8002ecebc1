using System.Globalization;
using System.Net;
using Relay.Server.Security;

namespace Relay.Server;

/// <summary>
/// The settings that have a name of their own on the command line, as <c>--port</c> and <c>--known-proxies</c>; by environment <c>RELAY_PORT</c> and
/// <c>RELAY_KNOWN_PROXIES</c>; in <c>appsettings.json</c> <c>KnownProxies</c>. Later sources win: file, environment, command line.
/// </summary>
internal sealed class RelayServerOptions
{
    /// <summary>Address to listen on: an IP address, <c>localhost</c>, or <c>*</c>. Default 0.0.0.0.</summary>
    public IPAddress Address { get; set; } = IPAddress.Any;

    /// <summary>TCP port; 0 lets the system choose. Default 8160.</summary>
    public int Port { get; set; } = 8160;

    /// <summary>Time to live of sessions. Null: as the section <c>Sessions</c> says, by default 1 h.</summary>
    public TimeSpan? Ttl { get; set; }

    /// <summary>Data folder. Null: as the section <c>Storage</c> says, by default in the platform's local application data, or <c>/data</c> in a container.</summary>
    public string? Data { get; set; }

    /// <summary>The path below which a proxy shows the relay, as <c>/relay</c>; empty: none. Requests are taken with it and without.</summary>
    public string PathBase { get; set; } = "";

    private string? AdminKeys { get; set; }

    private string? AdminKeysFile { get; set; }

    private string? AnonymousNetworks { get; set; }

    private string? KnownProxies { get; set; }

    private string? AllowedOrigins { get; set; }

    private string? HostNames { get; set; }

    private AuthMode? Auth { get; set; }

    /// <summary>Reads the settings.</summary>
    /// <param name="configuration">Where they stand.</param>
    /// <param name="faults">Receives a line for each value that is wrong.</param>
    public static RelayServerOptions Read(IConfiguration configuration, List<string> faults)
    {
        var options = new RelayServerOptions();
        if (Value("host") is { } host)
        {
            options.Address = ParseAddress(host) ?? Fault($"--host must be an IP address, 'localhost' or '*'; it is '{host}'.", IPAddress.Any);
        }

        if (Value("port") is { } port)
        {
            options.Port = int.TryParse(port, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number <= 65535
                ? number
                : Fault($"--port must be a number from 0 to 65535; it is '{port}'.", 0);
        }

        if (Value("ttl") is { } ttl)
        {
            options.Ttl = ParseTtl(ttl) is { } span && span >= TimeSpan.FromSeconds(1) && span <= TimeSpan.FromDays(365)
                ? span
                : Fault($"--ttl must be seconds, or a number with s, m, h or d, from 1 s to 365 d; it is '{ttl}'.", TimeSpan.FromHours(1));
        }

        if (Value("auth") is { } auth)
        {
            options.Auth = Enum.TryParse<AuthMode>(auth, ignoreCase: true, out var mode) && Enum.IsDefined(mode) && !char.IsAsciiDigit(auth[0])
                ? mode
                : Fault($"--auth must be 'tokens' or 'none'; it is '{auth}'.", AuthMode.Tokens);
        }

        if (Value("path-base") is { } path)
        {
            options.PathBase = Uri.TryCreate($"http://relay{path}", UriKind.Absolute, out var uri) && path[0] == '/' && string.Equals(uri.AbsolutePath, path, StringComparison.Ordinal) && !path.Contains("//", StringComparison.Ordinal)
                ? path.TrimEnd('/')
                : Fault($"--path-base must be a path that begins with '/', as /relay; it is '{path}'.", "");
        }

        options.Data = Value("data");
        options.AdminKeys = Value("admin-keys");
        options.AdminKeysFile = Value("admin-keys-file");
        options.AnonymousNetworks = Value("anonymous-networks");
        options.KnownProxies = Value("known-proxies");
        options.AllowedOrigins = Value("allowed-origins");
        options.HostNames = Value("host-names");
        return options;

        string? Value(string name) => CommandLine.Setting(configuration, name);

        T Fault<T>(string line, T instead)
        {
            faults.Add(line);
            return instead;
        }
    }

    /// <summary>What was given here goes before what the section says.</summary>
    public void ApplyTo(SecurityOptions security)
    {
        security.Auth = Auth ?? security.Auth;
        security.AdminKeys = AdminKeys ?? security.AdminKeys;
        security.AdminKeysFile = AdminKeysFile ?? security.AdminKeysFile;
        security.AnonymousNetworks = AnonymousNetworks ?? security.AnonymousNetworks;
        security.KnownProxies = KnownProxies ?? security.KnownProxies;
        security.AllowedOrigins = AllowedOrigins ?? security.AllowedOrigins;
        security.HostNames = HostNames ?? security.HostNames;
    }

    private static IPAddress? ParseAddress(string host) => host switch
    {
        "localhost" => IPAddress.Loopback,
        "*" => IPAddress.Any,
        _ => IPAddress.TryParse(host, out var address) ? address : null,
    };

    private static TimeSpan? ParseTtl(string text)
    {
        var unit = text[^1] switch
        {
            's' => TimeSpan.FromSeconds(1),
            'm' => TimeSpan.FromMinutes(1),
            'h' => TimeSpan.FromHours(1),
            'd' => TimeSpan.FromDays(1),
            _ => TimeSpan.Zero,
        };
        var number = unit == TimeSpan.Zero ? text : text[..^1];
        var step = unit == TimeSpan.Zero ? TimeSpan.FromSeconds(1) : unit;
        return double.TryParse(number, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var count) && count >= 0 && count < TimeSpan.MaxValue / step
            ? step * count
            : null;
    }
}

/// <summary>The relay cannot start; one line for each reason.</summary>
internal sealed class StartupException(IReadOnlyList<string> faults) : Exception(string.Join(Environment.NewLine, faults))
{
    public IReadOnlyList<string> Faults { get; } = faults;
}
