using System.Text;
using Relay.Contracts;
using Relay.Tests.TestKit;

namespace Relay.Tests.Security;

/// <summary>Requests as a browser makes them for a page.</summary>
internal static class PageRequest
{
    public const string Allowed = "http://dash.example:3000";
    public const string Evil = "https://evil.example";

    /// <summary>Every way in on which a page could do harm, by name.</summary>
    public static readonly IReadOnlyDictionary<string, Func<string, HttpRequestMessage>> Guarded = new Dictionary<string, Func<string, HttpRequestMessage>>(StringComparer.Ordinal)
    {
        ["raw WebSocket, read"] = session => Handshake(RelayApi.ReadPath(session)),
        ["raw WebSocket, write"] = session => Handshake(RelayApi.WritePath(session)),
        ["hub by WebSocket"] = _ => Handshake(HubRoutes.Logs),
        ["hub by WebSocket, other letters"] = _ => Handshake("/HUBS/Logs"),
        ["hub, negotiation"] = _ => new(HttpMethod.Post, $"{HubRoutes.Logs}/negotiate?negotiateVersion=1"),
        ["hub, negotiation by GET"] = _ => new(HttpMethod.Get, $"{HubRoutes.Logs}/negotiate"),
        ["hub by long polling"] = _ => new(HttpMethod.Get, $"{HubRoutes.Logs}?id=none"),
        ["hub by long polling, upload"] = _ => new(HttpMethod.Post, $"{HubRoutes.Logs}?id=none"),
        ["hub by long polling, end"] = _ => new(HttpMethod.Delete, $"{HubRoutes.Logs}?id=none"),
        ["hub by server-sent events"] = _ => new(HttpMethod.Get, $"{HubRoutes.Logs}?id=none") { Headers = { { "Accept", "text/event-stream" } } },
        ["hub, OPTIONS"] = _ => new(HttpMethod.Options, HubRoutes.Logs),
        ["create, JSON"] = _ => new(HttpMethod.Post, "/logging_session") { Content = new StringContent($$"""{"session_id":"{{RelayApi.NewId()}}"}""", Encoding.UTF8, "application/json") },
        ["create, as a form would"] = _ => new(HttpMethod.Post, RelayApi.SessionPath(RelayApi.NewId())),
        ["create by PUT"] = _ => new(HttpMethod.Put, RelayApi.SessionPath(RelayApi.NewId())),
        ["complete"] = session => new(HttpMethod.Post, $"{RelayApi.SessionPath(session)}/complete"),
        ["delete"] = _ => new(HttpMethod.Delete, RelayApi.SessionPath("none")),
        ["append by PUT"] = session => new(HttpMethod.Put, RelayApi.WritePath(session)) { Content = new StringContent("x") },
        ["append by POST"] = session => new(HttpMethod.Post, RelayApi.WritePath(session)) { Content = new StringContent("x") },
        ["ticket"] = _ => new(HttpMethod.Post, "/tickets"),
        ["PATCH"] = session => new(HttpMethod.Patch, RelayApi.SessionPath(session)),
        ["a method of no standard"] = session => new(new HttpMethod("FROB"), RelayApi.SessionPath(session)),
        ["nowhere"] = _ => new(HttpMethod.Post, "/nowhere"),
    };

    /// <summary>Plain reads: a page may send them and, without CORS, see nothing of the answer.</summary>
    public static readonly IReadOnlyList<string> Open = ["/health", "/docs", "/openapi/v1.json", "/logging_session", "/logs/{0}/read/stdout", "/nowhere"];

    public static HttpRequestMessage WithOrigin(this HttpRequestMessage request, string? origin)
    {
        if (origin is not null)
        {
            request.Headers.TryAddWithoutValidation("Origin", origin);
        }

        return request;
    }

    public static HttpRequestMessage With(this HttpRequestMessage request, string header, string value)
    {
        request.Headers.TryAddWithoutValidation(header, value);
        return request;
    }

    public static async Task<HttpResponseMessage> SendAsync(this RelayApi relay, HttpRequestMessage request)
    {
        using (request)
        {
            return await Eventually.Done(relay.Http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead), $"{request.Method} {request.RequestUri} is answered");
        }
    }

    public static HttpRequestMessage Handshake(string path) => new HttpRequestMessage(HttpMethod.Get, path)
        .With("Connection", "Upgrade")
        .With("Upgrade", "websocket")
        .With("Sec-WebSocket-Version", "13")
        .With("Sec-WebSocket-Key", Convert.ToBase64String(Encoding.ASCII.GetBytes("sixteen bytes ok")));
}
