using System.Globalization;
using System.Text.Encodings.Web;
using System.Text.Json;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Mvc;
using Relay.Contracts;

namespace Relay.Server.Observability;

/// <summary>Failures over HTTP: RFC 9457 problem documents with the code of the contract.</summary>
internal static class Problems
{
    public const string ContentType = "application/problem+json";

    /// <summary>People read these in a terminal: quotes stay quotes. The content type keeps browsers from taking them for markup.</summary>
    private static readonly JsonSerializerOptions Readable = new(JsonSerializerDefaults.Web) { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public static int StatusOf(RelayErrorCode code) => code switch
    {
        RelayErrorCode.InvalidRequest or RelayErrorCode.InvalidSessionId or RelayErrorCode.UnknownOutput or RelayErrorCode.UnsupportedVersion
            or RelayErrorCode.InvalidCursor or RelayErrorCode.SessionExists => StatusCodes.Status400BadRequest,
        RelayErrorCode.Unauthorized => StatusCodes.Status401Unauthorized,
        RelayErrorCode.Forbidden => StatusCodes.Status403Forbidden,
        RelayErrorCode.SessionNotFound => StatusCodes.Status404NotFound,
        RelayErrorCode.SessionCompleted or RelayErrorCode.SessionReplaced or RelayErrorCode.WriterAlreadyConnected or RelayErrorCode.Fenced
            or RelayErrorCode.OffsetMismatch or RelayErrorCode.OffsetBeforeRun => StatusCodes.Status409Conflict,
        RelayErrorCode.SessionDeleted or RelayErrorCode.SessionExpired or RelayErrorCode.BytesMissing => StatusCodes.Status410Gone,
        RelayErrorCode.RecordTooLarge => StatusCodes.Status413PayloadTooLarge,
        RelayErrorCode.RangeNotSatisfiable => StatusCodes.Status416RangeNotSatisfiable,
        RelayErrorCode.TooManyRequests => StatusCodes.Status429TooManyRequests,
        RelayErrorCode.StorageFull => StatusCodes.Status507InsufficientStorage,
        RelayErrorCode.StorageFailed or RelayErrorCode.LimitReached or RelayErrorCode.ServerStopping or RelayErrorCode.ConnectionLost => StatusCodes.Status503ServiceUnavailable,
        _ => StatusCodes.Status500InternalServerError,
    };

    /// <summary>The document of a failure.</summary>
    public static ProblemDetails ToDocument(HttpContext context, RelayErrorCode code, int status, string detail)
    {
        var problem = new ProblemDetails { Status = status, Title = code.ToName().Replace('_', ' '), Detail = detail };
        problem.Extensions["code"] = code.ToName();
        problem.Extensions["request_id"] = context.TraceIdentifier;
        return problem;
    }

    /// <summary>Answers a request with a failure. Does nothing but break the connection when the answer has begun.</summary>
    public static Task WriteAsync(HttpContext context, RelayException failure)
    {
        var problem = ToDocument(context, failure.Code, StatusOf(failure.Code), failure.Message);
        if (failure is OffsetMismatchException mismatch)
        {
            problem.Extensions["expected_offset"] = mismatch.ExpectedOffset;
        }

        SetHeaders(context.Response, failure);
        return WriteAsync(context, problem);
    }

    private static void SetHeaders(HttpResponse response, RelayException failure)
    {
        if (response.HasStarted)
        {
            return;
        }

        switch (failure)
        {
            case AccessDeniedException:
                // RFC 6750. The description is for WebSocket clients, most of which show headers of a refusal, but no body.
                var error = failure.Code == RelayErrorCode.Unauthorized ? "invalid_token" : "insufficient_scope";
                response.Headers.WWWAuthenticate = $"Bearer error=\"{error}\", error_description=\"{Quotable(failure.Message)}\"";
                break;
            case { Code: RelayErrorCode.TooManyRequests or RelayErrorCode.LimitReached }:
                var seconds = Math.Ceiling(failure.RetryAfter?.TotalSeconds ?? 1); // Rounded up: who comes then is let in.
                response.Headers.RetryAfter = Math.Max(1, (long)seconds).ToString(CultureInfo.InvariantCulture);
                break;
        }
    }

    private static string Quotable(string text) => string.Concat(text.Where(c => c is >= ' ' and < '\x7f' and not '"' and not '\\'));

    public static async Task WriteAsync(HttpContext context, ProblemDetails problem)
    {
        if (context.Response.HasStarted)
        {
            context.Abort();
            return;
        }

        context.Response.StatusCode = problem.Status ?? StatusCodes.Status500InternalServerError;
        await context.Response.WriteAsJsonAsync(problem, Readable, ContentType, context.RequestAborted);
    }

    /// <summary>Answers a body or parameter that could not be bound: 422, as the original service did.</summary>
    public static IActionResult OfInvalidModel(ActionContext context)
    {
        // The parameter is called body; that it is then "required" adds nothing to why it could not be read.
        var faults = context.ModelState
            .Where(entry => entry.Value?.Errors.Count > 0)
            .OrderBy(entry => entry.Key == "body")
            .Take(1)
            .Select(entry => entry.Value!.Errors[0].ErrorMessage);
        var example = context.ActionDescriptor.Parameters.Any(parameter => parameter.ParameterType == typeof(CompleteSessionBody))
            ? """{"run": "job-1", "exit_code": 0, "totals": {"stdout": {"bytes": 12}}}"""
            : """{"session_id": "nightly", "labels": {"team": "etl"}}""";
        var detail = $"The request could not be read: {string.Join(' ', faults)} Expected a JSON object such as {example}.";
        return new ObjectResult(ToDocument(context.HttpContext, RelayErrorCode.InvalidRequest, StatusCodes.Status422UnprocessableEntity, detail))
        {
            StatusCode = StatusCodes.Status422UnprocessableEntity,
            ContentTypes = { ContentType },
        };
    }
}

/// <summary>Turns what a request throws into its answer.</summary>
internal sealed partial class ProblemMiddleware(RequestDelegate next, ILogger<ProblemMiddleware> logger)
{
    public async Task InvokeAsync(HttpContext context)
    {
        try
        {
            await next(context);
            if (context.Response is { HasStarted: false, StatusCode: >= 400, ContentLength: null, ContentType: null })
            {
                await WriteBareStatusAsync(context);
            }
        }
        catch (RelayException e)
        {
            LogRefused(e.Code, e.Message);
            await Problems.WriteAsync(context, e);
        }
        catch (BadHttpRequestException e) when (e.StatusCode == StatusCodes.Status413PayloadTooLarge)
        {
            context.Response.Headers.Connection = "close"; // The rest of the body is not wanted.
            var most = context.Features.Get<IHttpMaxRequestBodySizeFeature>()?.MaxRequestBodySize;
            await Problems.WriteAsync(context, new RelayException(RelayErrorCode.RecordTooLarge, $"A JSON body may have {most} bytes (Limits:MaxDocumentBytes)."));
        }
        catch (BadHttpRequestException e)
        {
            await Problems.WriteAsync(context, Problems.ToDocument(context, RelayErrorCode.InvalidRequest, e.StatusCode, e.Message));
        }
        catch (Exception) when (context.RequestAborted.IsCancellationRequested)
        {
            // The client is gone; there is nobody to answer.
        }
        catch (Exception e)
        {
            LogFailed(e, context.Request.Method, context.Request.Path);
            await Problems.WriteAsync(context, new RelayException(
                RelayErrorCode.InternalError, $"The relay failed to answer this request. Its log has the cause under request id {context.TraceIdentifier}."));
        }
    }

    private static Task WriteBareStatusAsync(HttpContext context)
    {
        var (code, detail) = context.Response.StatusCode switch
        {
            StatusCodes.Status404NotFound => (RelayErrorCode.InvalidRequest, $"There is no {context.Request.PathBase}{context.Request.Path} here. See {context.Request.PathBase}/docs for what there is."),
            StatusCodes.Status405MethodNotAllowed => (RelayErrorCode.InvalidRequest, $"{context.Request.PathBase}{context.Request.Path} does not take {context.Request.Method}. Allowed: {context.Response.Headers.Allow}."),
            StatusCodes.Status415UnsupportedMediaType => (RelayErrorCode.InvalidRequest, "The body must be JSON with Content-Type: application/json."),
            _ => (RelayErrorCode.InvalidRequest, "The request was refused."),
        };
        return Problems.WriteAsync(context, Problems.ToDocument(context, code, context.Response.StatusCode, detail));
    }

    [LoggerMessage(LogLevel.Debug, "Refused with {Code}: {Detail}")]
    private partial void LogRefused(RelayErrorCode code, string detail);

    [LoggerMessage(LogLevel.Error, "{Method} {Path} failed")]
    private partial void LogFailed(Exception failure, string method, string path);
}
