using System.Net.Http.Json;
using FluentAssertions;
using Relay.Contracts;
using Relay.Tests.TestKit;
using Xunit;

namespace Relay.Tests.Security;

/// <summary>A relay with an admin key, so that nobody gets in without a token. Its clock stands still.</summary>
public sealed class LockedRelay : IAsyncLifetime
{
    public const string AdminKey = "ZxVb7cK2mQ9rT4uW8yA1sD3fG5hJ6kL0pN_E-iOo";

    internal RelayHost Host { get; private set; } = null!;

    internal FakeTime Time { get; } = new();

    public async Task InitializeAsync() => Host = await RelayHost.StartAsync(options =>
    {
        options.Time = Time;
        options.Settings["Security:AdminKeys"] = AdminKey;
    });

    public Task DisposeAsync() => Host.DisposeAsync().AsTask();

    /// <summary>Creates a session as the administrator.</summary>
    internal async Task<SessionAnswer> CreateAsync(string? id = null)
    {
        var session = id ?? RelayApi.NewId();
        using var request = new Credentials(AdminKey).Sign(HttpMethod.Post, RelayApi.SessionPath(session));
        using var answer = await Host.Http.SendAsync(request);
        answer.EnsureSuccessStatusCode();
        return (await answer.Content.ReadFromJsonAsync<SessionAnswer>())!;
    }

    internal async Task<string> TicketAsync(string token)
    {
        using var request = new Credentials(token).Sign(HttpMethod.Post, "/tickets");
        using var answer = await Host.Http.SendAsync(request);
        answer.EnsureSuccessStatusCode();
        var ticket = (await answer.Content.ReadFromJsonAsync<TicketAnswer>())!;
        ticket.ExpiresIn.Should().Be(30);
        return ticket.Ticket;
    }

    /// <summary>What an actor has to show when a session is concerned.</summary>
    internal async Task<Credentials> CredentialsOf(Actor actor, SessionAnswer session) => actor switch
    {
        Actor.Nobody => new Credentials(),
        Actor.Garbage => new Credentials(new string('x', 43)),
        Actor.AlmostAdmin => new Credentials(AdminKey[..^1] + "0"),
        Actor.ExpiredTicket => new Credentials(Ticket: await ExpiredAsync(await TicketAsync(AdminKey))),
        Actor.UsedTicket => new Credentials(Ticket: await UsedAsync(await TicketAsync(AdminKey))),
        Actor.TokenInUrl => new Credentials(Ticket: AdminKey),
        Actor.Reader => new Credentials(session.ReadToken),
        Actor.Writer => new Credentials(session.WriteToken),
        Actor.Admin => new Credentials(AdminKey),
        Actor.OtherReader => new Credentials((await CreateAsync()).ReadToken),
        Actor.OtherWriter => new Credentials((await CreateAsync()).WriteToken),
        Actor.ReaderTicket => new Credentials(Ticket: await TicketAsync(session.ReadToken!)),
        Actor.WriterTicket => new Credentials(Ticket: await TicketAsync(session.WriteToken!)),
        Actor.AdminTicket => new Credentials(Ticket: await TicketAsync(AdminKey)),
        _ => throw new ArgumentOutOfRangeException(nameof(actor), actor, "No such actor."),
    };

    private Task<string> ExpiredAsync(string ticket)
    {
        Time.Advance(TimeSpan.FromSeconds(31));
        return Task.FromResult(ticket);
    }

    private async Task<string> UsedAsync(string ticket)
    {
        using var request = new Credentials(Ticket: ticket).Sign(HttpMethod.Get, "/logging_session");
        using var answer = await Host.Http.SendAsync(request);
        answer.EnsureSuccessStatusCode();
        return ticket;
    }
}
