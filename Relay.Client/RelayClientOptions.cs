using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography.X509Certificates;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace Relay.Client;

/// <summary>Settings of a <see cref="RelayClient"/>. They hold for all its calls, readers and writers.</summary>
public sealed record RelayClientOptions
{
    private const int MaxToken = 4096;

    /// <summary>Where a relay listens unless told otherwise: <c>http://127.0.0.1:8160</c>.</summary>
    public static Uri DefaultUrl { get; } = new("http://127.0.0.1:8160");

    /// <summary>Address of the relay, <c>http</c> or <c>https</c>; a path is kept as a prefix. Default: <see cref="DefaultUrl"/>.</summary>
    public Uri Url { get; init; } = DefaultUrl;

    /// <summary>
    /// Proves to the relay, or to the proxy before it, who calls: sent as <c>Authorization: Bearer …</c> with every HTTP call and WebSocket
    /// handshake, to <see cref="Url"/> only and never on to where a redirect leads. 1–4096 visible ASCII characters. Default: none.
    /// </summary>
    public string? Token { get; init; }

    /// <summary>
    /// Who may have issued the relay's certificate, instead of the authorities that the system trusts: certificates of roots, and of intermediate
    /// authorities that the relay does not send itself. At least one. The relay's name is checked all the same; revocation is not. Default: the system's.
    /// Cannot be given with <see cref="HttpMessageHandler"/>, which decides for itself.
    /// </summary>
    public X509Certificate2Collection? CertificateAuthorities { get; init; }

    /// <summary>The clock behind every delay. Default: the system's.</summary>
    public TimeProvider TimeProvider { get; init; } = TimeProvider.System;

    /// <summary>Carries the HTTP calls and the WebSocket handshakes, e.g. for a proxy or a client certificate. Default: one handler of the
    /// client's own. The client does not dispose a handler it was given.</summary>
    public HttpMessageHandler? HttpMessageHandler { get; init; }

    /// <summary>Delay before the first retry; it doubles with each further one, with jitter. Default 100 ms; must be above zero.</summary>
    public TimeSpan FirstRetryDelay { get; init; } = TimeSpan.FromMilliseconds(100);

    /// <summary>The longest delay between two retries. Default 2 s; not below <see cref="FirstRetryDelay"/>.</summary>
    public TimeSpan MaxRetryDelay { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>How long one attempt to connect may take before it counts as failed. Default 10 s; must be above zero.</summary>
    public TimeSpan ConnectTimeout { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>Receives the client's logs: connections at Debug, failures that are final at Warning. Never payloads. Default: none.</summary>
    public ILoggerFactory LoggerFactory { get; init; } = NullLoggerFactory.Instance;

    /// <summary>Says which relay is meant, and nothing that is secret.</summary>
    public override string ToString() => $"{nameof(RelayClientOptions)} {{ {nameof(Url)} = {Url} }}";

    /// <summary>Whether a text can be a <see cref="Token"/>.</summary>
    /// <param name="token">The text.</param>
    /// <param name="problem">What is wrong with it, as the end of a sentence; never the text itself.</param>
    public static bool IsToken(string token, [NotNullWhen(false)] out string? problem)
    {
        var stranger = token.AsSpan().IndexOfAnyExceptInRange('!', '~');
        problem = token.Length is 0 or > MaxToken ? $"must have 1–{MaxToken} characters; it has {token.Length}."
            : stranger >= 0 ? $"must have visible ASCII characters only; character {stranger + 1} is none (a blank or a line end, perhaps)."
            : null;
        return problem is null;
    }

    internal static void ThrowIfInvalid(RelayClientOptions options)
    {
        if (options.Problem() is { } problem)
        {
            throw new ArgumentException(problem, nameof(options));
        }
    }

    private string? Problem() =>
        Token is not null && !IsToken(Token, out var problem) ? $"{nameof(Token)} {problem}" :
        !Url.IsAbsoluteUri || Url.Scheme is not ("http" or "https")
            ? $"{nameof(Url)} must be an absolute http or https address, such as {DefaultUrl}; it is '{Url}'."
        : CertificateAuthorities is { Count: 0 } ? $"{nameof(CertificateAuthorities)} must have a certificate, or be null for the system's."
        : CertificateAuthorities is not null && HttpMessageHandler is not null
            ? $"{nameof(CertificateAuthorities)} and {nameof(HttpMessageHandler)} exclude each other: set what the handler trusts in the handler."
        : FirstRetryDelay <= TimeSpan.Zero ? $"{nameof(FirstRetryDelay)} must be above zero; it is {FirstRetryDelay}."
        : MaxRetryDelay < FirstRetryDelay ? $"{nameof(MaxRetryDelay)} must not be below {nameof(FirstRetryDelay)}; it is {MaxRetryDelay}."
        : ConnectTimeout <= TimeSpan.Zero ? $"{nameof(ConnectTimeout)} must be above zero; it is {ConnectTimeout}."
        : null;
}
