using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Net.Sockets;
using System.Text.Json;
using Relay.Client.Connections;
using Relay.Contracts;

namespace Relay.Client.Sessions;

/// <summary>The life cycle of sessions over HTTP.</summary>
internal sealed class SessionApi : IDisposable
{
    private const string Route = "logging_session";
    private const int MaxAnswerBytes = 64 * 1024 * 1024; // A list of a hundred thousand sessions.
    private static readonly TimeSpan CallTimeout = TimeSpan.FromSeconds(30);

    private readonly HttpClient _http;

    public SessionApi(RelayClientOptions options)
    {
        var handler = options.HttpMessageHandler ?? Handlers.ForCalls(options);
        _http = new HttpClient(handler, disposeHandler: options.HttpMessageHandler is null)
        {
            BaseAddress = RelayUrls.Base(options.Url),
            Timeout = CallTimeout,
            MaxResponseContentBufferSize = MaxAnswerBytes,
        };
        // .NET drops this header when it follows a redirect.
        _http.DefaultRequestHeaders.Authorization = options.Token is { } token ? new AuthenticationHeaderValue("Bearer", token) : null;
    }

    public async Task<SessionTokens?> CreateAsync(string id, IReadOnlyDictionary<string, string>? labels, CancellationToken cancellationToken)
    {
        SessionIds.ThrowIfInvalid(id);
        using var body = JsonContent.Create(new CreateSessionBody { SessionId = id, Labels = labels });
        using var response = await SendAsync(HttpMethod.Post, Route, body, cancellationToken).ConfigureAwait(false);
        return await TokensAsync(response, cancellationToken).ConfigureAwait(false);
    }

    public async Task<SessionTokens?> EnsureAsync(string id, IReadOnlyDictionary<string, string>? labels, CancellationToken cancellationToken)
    {
        using var body = labels is null ? null : JsonContent.Create(new EnsureSessionBody { Labels = labels });
        using var response = await SendAsync(HttpMethod.Put, Of(id), body, cancellationToken).ConfigureAwait(false);
        return await TokensAsync(response, cancellationToken).ConfigureAwait(false);
    }

    public async Task<SessionStatus?> GetAsync(string id, CancellationToken cancellationToken)
    {
        using var response = await SendAsync(HttpMethod.Get, Of(id), null, cancellationToken).ConfigureAwait(false);
        if (response.StatusCode == HttpStatusCode.NotFound)
        {
            var refusal = await ProblemDocument.ReadAsync(response, cancellationToken).ConfigureAwait(false);
            return refusal is SessionNotFoundException ? null : throw refusal;
        }

        await ThrowIfRefusedAsync(response, cancellationToken).ConfigureAwait(false);
        return await ReadAsync<SessionStatus>(response, cancellationToken).ConfigureAwait(false);
    }

    public async Task<IReadOnlyList<SessionStatus>> ListAsync(CancellationToken cancellationToken)
    {
        using var response = await SendAsync(HttpMethod.Get, Route, null, cancellationToken).ConfigureAwait(false);
        await ThrowIfRefusedAsync(response, cancellationToken).ConfigureAwait(false);
        return (await ReadAsync<SessionList>(response, cancellationToken).ConfigureAwait(false)).Sessions;
    }

    public async Task<SearchAnswer> SearchAsync(SearchRequest request, CancellationToken cancellationToken)
    {
        using var response = await SendAsync(HttpMethod.Get, SearchRoute.Of(request), null, cancellationToken).ConfigureAwait(false);
        await ThrowIfRefusedAsync(response, cancellationToken).ConfigureAwait(false);
        return await ReadAsync<SearchAnswer>(response, cancellationToken).ConfigureAwait(false);
    }

    public async Task DeleteAsync(string id, CancellationToken cancellationToken)
    {
        using var response = await SendAsync(HttpMethod.Delete, Of(id), null, cancellationToken).ConfigureAwait(false);
        await ThrowIfRefusedAsync(response, cancellationToken).ConfigureAwait(false);
    }

    public async Task DeleteIfExistsAsync(string id, CancellationToken cancellationToken)
    {
        try
        {
            await DeleteAsync(id, cancellationToken).ConfigureAwait(false);
        }
        catch (SessionNotFoundException)
        {
            // That is what was wanted.
        }
    }

    public void Dispose() => _http.Dispose();

    private static string Of(string id)
    {
        SessionIds.ThrowIfInvalid(id);
        return $"{Route}/{Uri.EscapeDataString(id)}";
    }

    private async Task<HttpResponseMessage> SendAsync(HttpMethod method, string route, HttpContent? body, CancellationToken cancellationToken)
    {
        using var request = new HttpRequestMessage(method, route) { Content = body };
        try
        {
            return await _http.SendAsync(request, cancellationToken).ConfigureAwait(false);
        }
        catch (HttpRequestException e) when (e.HttpRequestError == HttpRequestError.InvalidResponse)
        {
            throw NotARelay.Because("it does not answer in HTTP", _http.BaseAddress, e);
        }
        catch (HttpRequestException e) when (e.HttpRequestError == HttpRequestError.ConfigurationLimitExceeded)
        {
            throw NotARelay.Because($"its answer is longer than {MaxAnswerBytes} bytes", _http.BaseAddress, e);
        }
        catch (Exception e) when (e is HttpRequestException or SocketException)
        {
            // A socket's own failure comes through when the connection is reset in the moment in which it was made.
            throw RelayException.Create(RelayErrorCode.ConnectionLost, $"The relay at {_http.BaseAddress} cannot be reached: {HubFailures.TlsReason(e, _http.BaseAddress) ?? e.Message}", e);
        }
        catch (OperationCanceledException e) when (!cancellationToken.IsCancellationRequested)
        {
            throw RelayException.Create(RelayErrorCode.ConnectionLost, $"The relay at {_http.BaseAddress} did not answer in time.", e);
        }
    }

    private async Task<SessionTokens?> TokensAsync(HttpResponseMessage response, CancellationToken cancellationToken)
    {
        await ThrowIfRefusedAsync(response, cancellationToken).ConfigureAwait(false);
        var answer = await ReadAsync<SessionAnswer>(response, cancellationToken).ConfigureAwait(false);
        return answer is { WriteToken: { } write, ReadToken: { } read } ? new SessionTokens(write, read) : null;
    }

    private static async Task ThrowIfRefusedAsync(HttpResponseMessage response, CancellationToken cancellationToken)
    {
        if (!response.IsSuccessStatusCode)
        {
            throw await ProblemDocument.ReadAsync(response, cancellationToken).ConfigureAwait(false);
        }
    }

    private async Task<T> ReadAsync<T>(HttpResponseMessage response, CancellationToken cancellationToken)
    {
        try
        {
            return await response.Content.ReadFromJsonAsync<T>(cancellationToken).ConfigureAwait(false)
                ?? throw new JsonException("The document is null.");
        }
        catch (Exception e) when (e is JsonException or NotSupportedException)
        {
            throw NotARelay.Because($"{response.RequestMessage?.RequestUri} answered with something else than was asked for", _http.BaseAddress, e);
        }
    }
}
