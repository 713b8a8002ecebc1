using System.ComponentModel;
using Microsoft.AspNetCore.Mvc;
using Relay.Contracts;

namespace Relay.Server.Sessions;

/// <summary>Life cycle of sessions.</summary>
[ApiController]
[Route("logging_session")]
[Tags("Sessions")]
internal sealed class SessionsController(SessionRegistry registry, SessionStatusMapper mapper) : ControllerBase
{
    [HttpPost]
    [EndpointSummary("Create a session")]
    [ProducesResponseType<SessionAnswer>(StatusCodes.Status200OK)]
    [ProducesResponseType<ProblemDetails>(StatusCodes.Status400BadRequest, "application/problem+json")]
    public async Task<ActionResult<SessionAnswer>> Create([FromBody] CreateSessionBody body, CancellationToken cancellationToken) =>
        Created(await registry.CreateAsync(body.SessionId, body.Labels, cancellationToken));

    [HttpPost("{id}")]
    [EndpointSummary("Create a session, its id in the path")]
    [ProducesResponseType<SessionAnswer>(StatusCodes.Status200OK)]
    [ProducesResponseType<ProblemDetails>(StatusCodes.Status400BadRequest, "application/problem+json")]
    public async Task<ActionResult<SessionAnswer>> CreateById([Description("1–256 UTF-8 bytes")] string id, CancellationToken cancellationToken) =>
        Created(await registry.CreateAsync(id, null, cancellationToken));

    [HttpPut("{id}")]
    [EndpointSummary("Create a session if it does not exist")]
    [ProducesResponseType<SessionAnswer>(StatusCodes.Status200OK)]
    [ProducesResponseType<ProblemDetails>(StatusCodes.Status400BadRequest, "application/problem+json")]
    public async Task<ActionResult<SessionAnswer>> Ensure(
        string id, [FromBody(EmptyBodyBehavior = Microsoft.AspNetCore.Mvc.ModelBinding.EmptyBodyBehavior.Allow)] EnsureSessionBody? body, CancellationToken cancellationToken)
    {
        var (session, created) = await registry.EnsureAsync(id, body?.Labels, cancellationToken);
        return created ? Created(session) : new SessionAnswer { SessionId = session.Id, Message = $"Session '{session.Id}' exists" };
    }

    [HttpGet]
    [EndpointSummary("List the sessions")]
    [ProducesResponseType<SessionList>(StatusCodes.Status200OK)]
    public async Task<ActionResult<SessionList>> List(CancellationToken cancellationToken) =>
        new SessionList { Sessions = [.. (await registry.ListAsync(cancellationToken)).Select(mapper.ToStatus)] };

    [HttpGet("{id}")]
    [EndpointSummary("Show a session")]
    [ProducesResponseType<SessionStatus>(StatusCodes.Status200OK)]
    [ProducesResponseType<ProblemDetails>(StatusCodes.Status404NotFound, "application/problem+json")]
    [ProducesResponseType<ProblemDetails>(StatusCodes.Status410Gone, "application/problem+json")]
    public async Task<ActionResult<SessionStatus>> Show(string id, CancellationToken cancellationToken) =>
        mapper.ToStatus(await registry.GetAsync(id, cancellationToken));

    [HttpDelete("{id}")]
    [EndpointSummary("Delete a session")]
    [ProducesResponseType<SessionAnswer>(StatusCodes.Status200OK)]
    [ProducesResponseType<ProblemDetails>(StatusCodes.Status404NotFound, "application/problem+json")]
    public async Task<ActionResult<SessionAnswer>> Delete(string id, CancellationToken cancellationToken)
    {
        await registry.DeleteAsync(id, cancellationToken);
        return new SessionAnswer { SessionId = id, Message = $"Session '{id}' deleted" };
    }

    private static SessionAnswer Created(Session session) => new() { SessionId = session.Id, Message = $"Session '{session.Id}' created" };
}
