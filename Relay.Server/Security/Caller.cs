using System.Net;
using System.Security.Claims;
using Relay.Server.Storage;

namespace Relay.Server.Security;

/// <summary>Who asks.</summary>
internal sealed class Caller : ClaimsIdentity
{
    private Caller(string name, bool isAdmin, TokenHash? token)
        : base(RelayAuthentication.Scheme) => (LimitName, IsAdmin, Token) = (name, isAdmin, token);

    /// <summary>Came without a token.</summary>
    public bool IsAnonymous => this == Anonymous;

    /// <summary>May do everything.</summary>
    public bool IsAdmin { get; }

    /// <summary>The token of a session that it came with. What it allows is asked anew each time: the session may be gone by then.</summary>
    public TokenHash? Token { get; }

    /// <summary>What limits count it by: the same for all that come with one key, or for all that come without. It gives no key away.</summary>
    public string LimitName { get; }

    public static Caller Admin(TokenHash key) => new($"key:{key.ToString()[..16]}", isAdmin: true, token: null);

    public static Caller OfSession(TokenOwner owner) => new($"session:{owner.Incarnation}", isAdmin: false, owner.Hash);

    /// <summary>Someone from an anonymous network.</summary>
    public static Caller Anonymous { get; } = new("anonymous", isAdmin: true, token: null);

    /// <summary>Null for someone unknown.</summary>
    public static Caller? Of(ClaimsPrincipal? user) => user?.Identities.OfType<Caller>().FirstOrDefault();

    /// <summary>Where a request comes from, as limits count it: an IPv6 host may choose among the addresses of its /64.</summary>
    public static string PlaceOf(IPAddress? address) => address switch
    {
        null => "nowhere",
        { IsIPv4MappedToIPv6: true } => address.MapToIPv4().ToString(),
        { AddressFamily: System.Net.Sockets.AddressFamily.InterNetworkV6 } => new IPAddress([.. address.GetAddressBytes().AsSpan(0, 8), 0, 0, 0, 0, 0, 0, 0, 0]).ToString(),
        _ => address.ToString(),
    };
}
