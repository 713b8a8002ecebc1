using System.Net.Http.Headers;
using Relay.Server.Security;
using Relay.Tests.TestKit;

namespace Relay.Tests.Security;

/// <summary>Who may come to a relay that has an admin key.</summary>
public enum Actor
{
    Nobody,
    Garbage,
    AlmostAdmin,
    ExpiredTicket,
    UsedTicket,
    TokenInUrl,
    Reader,
    Writer,
    Admin,
    OtherReader,
    OtherWriter,
    ReaderTicket,
    WriterTicket,
    AdminTicket,
}

/// <summary>What the table of <see cref="AccessTableTests"/> expects of an answer.</summary>
public enum Admission
{
    LetIn,
    Unknown,
    Forbidden,
}

/// <summary>What an actor sends along.</summary>
/// <param name="Token">In the header <c>Authorization</c>.</param>
/// <param name="Ticket">In the URL.</param>
internal sealed record Credentials(string? Token = null, string? Ticket = null)
{
    public HttpRequestMessage Sign(HttpMethod method, string path)
    {
        var signed = Ticket is null ? path : $"{path}{(path.Contains('?', StringComparison.Ordinal) ? '&' : '?')}ticket={Ticket}";
        var request = new HttpRequestMessage(method, signed);
        request.Headers.Authorization = Token is null ? null : new AuthenticationHeaderValue("Bearer", Token);
        return request;
    }
}

internal static class Actors
{
    public static IReadOnlyList<Actor> All { get; } = Enum.GetValues<Actor>();

    /// <summary>What the rules say.</summary>
    /// <param name="actor">Who asks.</param>
    /// <param name="right">What the route takes; null when it is open to all.</param>
    /// <param name="takesTickets">Whether it is for reading, or a WebSocket.</param>
    public static Admission Expected(this Actor actor, Right? right, bool takesTickets) => actor switch
    {
        _ when right is null => Admission.LetIn,
        Actor.ReaderTicket or Actor.WriterTicket or Actor.AdminTicket when !takesTickets => Admission.Unknown,
        Actor.Nobody or Actor.Garbage or Actor.AlmostAdmin or Actor.ExpiredTicket or Actor.UsedTicket or Actor.TokenInUrl => Admission.Unknown,
        Actor.Admin or Actor.AdminTicket => Admission.LetIn,
        _ when right is Right.Connect => Admission.LetIn,
        Actor.Reader or Actor.ReaderTicket when right is Right.Look or Right.Read => Admission.LetIn,
        Actor.Writer or Actor.WriterTicket when right is Right.Look or Right.Write => Admission.LetIn,
        _ => Admission.Forbidden,
    };
}
