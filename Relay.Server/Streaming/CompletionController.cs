using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Mvc.ModelBinding;
using Relay.Contracts;
using Relay.Server.Security;
using Relay.Server.Sessions;
using Relay.Server.Storage;

namespace Relay.Server.Streaming;

/// <summary>Completes a session for writers without a hub connection.</summary>
[ApiController]
[Route("logging_session")]
[Tags("Sessions")]
internal sealed class CompletionController(SessionRegistry registry, WriterAdmission writers, IHostApplicationLifetime lifetime) : ControllerBase
{
    [HttpPost("{id}/complete")]
    [Needs(Right.Write)]
    [EndpointSummary("Complete a session: its outputs end, and its readers learn the exit code")]
    [ProducesResponseType<CompletionAnswer>(StatusCodes.Status200OK)]
    [ProducesResponseType<ProblemDetails>(StatusCodes.Status400BadRequest, "application/problem+json")]
    [ProducesResponseType<ProblemDetails>(StatusCodes.Status404NotFound, "application/problem+json")]
    [ProducesResponseType<ProblemDetails>(StatusCodes.Status409Conflict, "application/problem+json")]
    [ProducesResponseType<ProblemDetails>(StatusCodes.Status410Gone, "application/problem+json")]
    public async Task<ActionResult<CompletionAnswer>> Complete(
        string id, [FromBody(EmptyBodyBehavior = EmptyBodyBehavior.Allow)] CompleteSessionBody? body, CancellationToken cancellationToken)
    {
        var completion = CompletionRequest.Check(body ?? new CompleteSessionBody());
        var session = await registry.GetAsync(id, Caller.Of(User), cancellationToken);
        using var interrupted = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, lifetime.ApplicationStopping);
        await using var writer = await writers.OpenAsync(session, completion.ToLease(), interrupted.Token);
        try
        {
            await writer.CompleteAsync(completion.ExitCode, completion.TotalsToJudge(writer.Lease), interrupted.Token);
        }
        catch (OperationCanceledException) when (lifetime.ApplicationStopping.IsCancellationRequested)
        {
            throw Errors.Stopping();
        }
        catch (RelayException)
        {
            writer.LeaveInGoodOrder(); // It is told, so it has not vanished.
            throw;
        }

        return ToAnswer(session);
    }

    private static CompletionAnswer ToAnswer(Session session)
    {
        var snapshot = session.Log.Snapshot();
        return new CompletionAnswer
        {
            SessionId = session.Id,
            ExitCode = snapshot.Completion?.ExitCode,
            Outputs = snapshot.Outputs.ToDictionary(
                output => output.Output.ToName(),
                output => new CompletedOutput { Bytes = output.Length, Verdict = output.Verdict.ToString().ToLowerInvariant() },
                StringComparer.Ordinal),
        };
    }
}
