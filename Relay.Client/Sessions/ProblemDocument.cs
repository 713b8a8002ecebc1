using System.Net.Http.Json;
using System.Text.Json;
using System.Text.Json.Serialization;
using Relay.Client.Connections;
using Relay.Contracts;

namespace Relay.Client.Sessions;

/// <summary>The parts of an RFC 9457 problem document that the relay fills.</summary>
internal sealed record ProblemDocument
{
    [JsonPropertyName("code")]
    public string? Code { get; init; }

    [JsonPropertyName("detail")]
    public string? Detail { get; init; }

    [JsonPropertyName("expected_offset")]
    public long? ExpectedOffset { get; init; }

    /// <summary>Makes the typed failure of a refused call. An answer without a document comes from something between us and the relay: a proxy whose
    /// relay is away (retryable), or not a relay at all.</summary>
    public static async Task<RelayException> ReadAsync(HttpResponseMessage response, CancellationToken cancellationToken)
    {
        ProblemDocument? problem = null;
        try
        {
            problem = await response.Content.ReadFromJsonAsync<ProblemDocument>(cancellationToken).ConfigureAwait(false);
        }
        catch (Exception e) when (e is JsonException or NotSupportedException or HttpRequestException or InvalidOperationException)
        {
            // No document; the status has to do.
        }

        return problem?.Code is { } name && RelayErrorCodes.TryParse(name, out var code)
            ? problem.ToException(code, After(response))
            : FromStatus(response);
    }

    private RelayException ToException(RelayErrorCode code, TimeSpan? retryAfter)
    {
        var detail = string.IsNullOrEmpty(Detail) ? code.ToName() : Detail;
        return ExpectedOffset is { } expected ? new OffsetMismatchException(code, expected, detail) : RelayException.Create(code, detail, retryAfter: retryAfter);
    }

    // Also a date is allowed, which would need a clock that agrees with the relay's.
    private static TimeSpan? After(HttpResponseMessage response) => response.Headers.RetryAfter?.Delta;

    private static RelayException FromStatus(HttpResponseMessage response)
    {
        var asked = response.RequestMessage?.RequestUri;
        return NotARelay.Answered((int)response.StatusCode, $"{asked} answered {(int)response.StatusCode} {response.ReasonPhrase}", asked, After(response));
    }
}
