using Relay.Client;
using Relay.Contracts;
using Relay.Redaction;
using Relay.Terminal;

namespace Relay.Writer.Delivering;

/// <summary>Where bytes are to go, and what happens while they cannot.</summary>
internal sealed record DeliveryOptions
{
    public required string Session { get; init; }

    public required Uri Url { get; init; }

    /// <summary>Who may have issued the certificate of any relay that is delivered to; null: whom the system trusts.</summary>
    public RelayAuthorities? Authorities { get; init; }

    /// <summary>The address for a person to see, without a password.</summary>
    public string ShownUrl => Url.UserInfo.Length == 0 ? Url.OriginalString : new UriBuilder(Url) { UserName = "", Password = "" }.Uri.AbsoluteUri;

    public IReadOnlyDictionary<string, string>? Labels { get; init; }

    /// <summary>Delete the session first, if it exists.</summary>
    public bool Replace { get; init; }

    /// <summary>The outputs that are leased; empty means both.</summary>
    public IReadOnlyList<OutputType> Outputs { get; init; } = [];

    /// <summary>How long to go on delivering after the last byte.</summary>
    public required TimeSpan FlushTimeout { get; init; }

    /// <summary>Where spools may stand, the best place first; empty: in memory only.</summary>
    public IReadOnlyList<string> SpoolRoots { get; init; } = [];

    /// <summary>Most bytes in the spool.</summary>
    public required long SpoolLimit { get; init; }

    public WhenFull WhenFull { get; init; } = WhenFull.DropOldest;

    /// <summary>What is masked before it is taken; null: every byte is delivered as it is.</summary>
    public RedactionRules? Redaction { get; init; }

    /// <summary>How long leaving in good order may take while connected, once all is delivered or given up.</summary>
    public static TimeSpan CloseTimeout { get; } = TimeSpan.FromSeconds(1);

    public RelayClient CreateClient(TimeProvider time) => new(RelayConnection.To(Url, Authorities) with { TimeProvider = time });

    /// <summary>A client for the relay that a spool names. Our token is for our relay, not for any that a file mentions.</summary>
    public RelayClient CreateClientFor(Uri url, TimeProvider time)
    {
        var relay = RelayConnection.To(url, Authorities) with { TimeProvider = time };
        return new RelayClient(IsSameRelay(url, Url) ? relay : relay with { Token = null });
    }

    /// <summary>Whether both name one relay: on one host there may be several, each below a path of its own.</summary>
    public static bool IsSameRelay(Uri one, Uri other) =>
        Uri.Compare(one, other, UriComponents.SchemeAndServer, UriFormat.UriEscaped, StringComparison.OrdinalIgnoreCase) == 0
        && string.Equals(one.AbsolutePath.TrimEnd('/'), other.AbsolutePath.TrimEnd('/'), StringComparison.Ordinal);
}
