using System.ComponentModel;
using Microsoft.AspNetCore.Mvc;
using Relay.Contracts;
using Relay.Server.Security;

namespace Relay.Server.Sessions;

/// <summary>Life cycle of sessions.</summary>
[ApiController]
[Route("logging_session")]
[Tags("Sessions")]
internal sealed class SessionsController(SessionRegistry registry, SessionStatusMapper mapper) : ControllerBase
{
    private Caller Caller => Caller.Of(User)!;

    [HttpPost]
    [Rated(Rate.Create)]
    [Needs(Right.Admin)]
    [EndpointSummary("Create a session")]
    [ProducesResponseType<SessionAnswer>(StatusCodes.Status200OK)]
    [ProducesResponseType<ProblemDetails>(StatusCodes.Status400BadRequest, "application/problem+json")]
    public async Task<ActionResult<SessionAnswer>> Create([FromBody] CreateSessionBody body, CancellationToken cancellationToken) =>
        Created(await registry.CreateAsync(body.SessionId, body.Labels, Caller.LimitName, cancellationToken));

    [HttpPost("{id}")]
    [Rated(Rate.Create)]
    [Needs(Right.Admin)]
    [EndpointSummary("Create a session, its id in the path")]
    [ProducesResponseType<SessionAnswer>(StatusCodes.Status200OK)]
    [ProducesResponseType<ProblemDetails>(StatusCodes.Status400BadRequest, "application/problem+json")]
    public async Task<ActionResult<SessionAnswer>> CreateById([Description("1–256 UTF-8 bytes")] string id, CancellationToken cancellationToken) =>
        Created(await registry.CreateAsync(id, null, Caller.LimitName, cancellationToken));

    [HttpPut("{id}")]
    [Rated(Rate.Create)]
    [Needs(Right.Write)]
    [EndpointSummary("Create a session if it does not exist")]
    [ProducesResponseType<SessionAnswer>(StatusCodes.Status200OK)]
    [ProducesResponseType<ProblemDetails>(StatusCodes.Status400BadRequest, "application/problem+json")]
    public async Task<ActionResult<SessionAnswer>> Ensure(
        string id, [FromBody(EmptyBodyBehavior = Microsoft.AspNetCore.Mvc.ModelBinding.EmptyBodyBehavior.Allow)] EnsureSessionBody? body, CancellationToken cancellationToken)
    {
        // Who has the write token may ask for the session as a writer does, but a session that is gone is not theirs to create.
        var (session, tokens) = Caller.IsAdmin
            ? await registry.EnsureAsync(id, body?.Labels, Caller.LimitName, cancellationToken)
            : (await registry.GetAsync(id, Caller, cancellationToken), null);
        return tokens is not null ? Created((session, tokens)) : new SessionAnswer { SessionId = session.Id, Message = $"Session '{session.Id}' exists" };
    }

    [HttpGet]
    [Needs(Right.Admin)]
    [EndpointSummary("List the sessions")]
    [ProducesResponseType<SessionList>(StatusCodes.Status200OK)]
    public async Task<ActionResult<SessionList>> List(CancellationToken cancellationToken) =>
        new SessionList { Sessions = [.. (await registry.ListAsync(cancellationToken)).Select(mapper.ToStatus)] };

    [HttpGet("{id}")]
    [Needs(Right.Look)]
    [EndpointSummary("Show a session")]
    [ProducesResponseType<SessionStatus>(StatusCodes.Status200OK)]
    [ProducesResponseType<ProblemDetails>(StatusCodes.Status404NotFound, "application/problem+json")]
    [ProducesResponseType<ProblemDetails>(StatusCodes.Status410Gone, "application/problem+json")]
    public async Task<ActionResult<SessionStatus>> Show(string id, CancellationToken cancellationToken) =>
        mapper.ToStatus(await registry.GetAsync(id, Caller, cancellationToken));

    [HttpDelete("{id}")]
    [Needs(Right.Admin)]
    [EndpointSummary("Delete a session")]
    [ProducesResponseType<SessionAnswer>(StatusCodes.Status200OK)]
    [ProducesResponseType<ProblemDetails>(StatusCodes.Status404NotFound, "application/problem+json")]
    public async Task<ActionResult<SessionAnswer>> Delete(string id, CancellationToken cancellationToken)
    {
        await registry.DeleteAsync(id, cancellationToken);
        return new SessionAnswer { SessionId = id, Message = $"Session '{id}' deleted" };
    }

    private SessionAnswer Created((Session Session, IssuedTokens Tokens) created)
    {
        Response.Headers.CacheControl = "no-store";
        return new SessionAnswer
        {
            SessionId = created.Session.Id,
            Message = $"Session '{created.Session.Id}' created",
            WriteToken = created.Tokens.Write,
            ReadToken = created.Tokens.Read,
        };
    }
}
