namespace Relay.Server.Security;

/// <summary>How callers show who they are.</summary>
internal enum AuthMode
{
    /// <summary>By a token, or by coming from an anonymous network.</summary>
    Tokens,

    /// <summary>Not at all: whoever reaches the relay may do everything.</summary>
    None,
}

/// <summary>Who may come in, configuration section <c>Security</c>. Most have a name on the command line too, see <see cref="RelayServerOptions"/>.</summary>
internal sealed class SecurityOptions
{
    public const string Section = "Security";

    /// <summary><see cref="AuthMode.Tokens"/> (default) or <see cref="AuthMode.None"/>.</summary>
    public AuthMode Auth { get; set; } = AuthMode.Tokens;

    /// <summary>Admin keys, separated by blanks, commas or line ends. Each has 32–4096 visible ASCII characters. Default: none.</summary>
    public string AdminKeys { get; set; } = "";

    /// <summary>A file with more admin keys, one in a line; blank lines and those that begin with <c>#</c> count for nothing. Default: none.</summary>
    public string AdminKeysFile { get; set; } = "";

    /// <summary>
    /// Networks whose requests need no token: addresses and CIDR blocks, separated by commas; <c>loopback</c> and <c>none</c> are words for what they say.
    /// Default: <c>loopback</c>, or <c>none</c> once there is an admin key.
    /// </summary>
    public string? AnonymousNetworks { get; set; }

    /// <summary>Proxies whose <c>X-Forwarded-For</c> and <c>X-Forwarded-Proto</c> are believed: addresses and CIDR blocks, separated by commas. Default: none.</summary>
    public string KnownProxies { get; set; } = "";

    /// <summary>
    /// Names by which callers without a token may call the relay, separated by commas, e.g. <c>relay.example.org</c>. Its addresses, and names
    /// without a dot, need not be named. Default: none.
    /// </summary>
    public string HostNames { get; set; } = "";

    /// <summary>Origins, beside the relay's own, whose web pages may use it, such as <c>https://dash.example</c>, separated by commas. Default: none.</summary>
    public string AllowedOrigins { get; set; } = "";
}
