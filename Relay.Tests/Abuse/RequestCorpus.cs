namespace Relay.Tests.Abuse;

/// <summary>Requests as nobody should send them: what has opened, confused or brought down web servers.</summary>
internal static class RequestCorpus
{
    private const string Get = " HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";

    private static readonly string[] Paths =
    [
        "/../../../../etc/passwd", "/..%2f..%2f..%2fetc%2fpasswd", "/%2e%2e/%2e%2e/etc/passwd", "/..%5c..%5cwindows%5cwin.ini", "/..%255c..%255cboot.ini", "//etc/passwd", "/./././",
        "/docs/../appsettings.json", "/docs/..%2fappsettings.json", "/docs/%2e%2e%2fappsettings.json", "/docs/....//appsettings.json", "/docs/%00", "/docs/index.html%00.js", "/docs/c:%5c",
        "/appsettings.json", "/Relay.Server.dll", "/web.config", "/.git/config", "/.env", "/manifest.json", "/relay.pid", "/sessions/", "/trash", "/wwwroot/", "/openapi/..%2fappsettings.json",
        "/openapi/v2.json", "/health/", "/HEALTH", "/health;jsessionid=1", "/health%20", "/health?%", "/logs", "/logs/", "/logs//read/stdout", "/logs/%2e%2e/read/stdout", "/logs/./read/stdout",
        "/logs/..%2F..%2Fmanifest.json/read/stdout", "/logs/a/read/..%2fstderr", "/logs/a/read/STDOUT%00", "/logs/a/read/stdout/extra", "/logs/%/read/stdout", "/logs/%zz/read/stdout",
        "/logs/%c0%ae%c0%ae%c0%af/read/stdout", "/logs/%ff%fe/read/stdout", "/logs/%ed%a0%80/read/stdout", "/logs/%f4%90%80%80/read/stdout", "/logs/%0d%0aSet-Cookie:%20a=b/read/stdout",
        "/logging_session/%c0%80", "/logging_session/%0d%0aX-Evil:%201", "/logging_session/%3Cscript%3Ealert(1)%3C%2Fscript%3E", "/logging_session/%E2%80%AEgnp.exe", "/logging_session/$%7Bjndi:ldap:%7D",
        "/logging_session?id=a&id=b", "/logs/a/read/stdout?from=-1", "/logs/a/read/stdout?from=99999999999999999999", "/logs/a/read/stdout?from=1&from=2", "/logs/a/read/stdout?tail=1e9",
        "/logs/a/read/stdout?follow=maybe", "/logs/a/read/stdout?from=%00", "/hubs/logs?id=", "/hubs/logs?id=../../x", "/hubs/../health", "/hubs/logs/negotiate", "/tickets", "*", "http://evil.example/health",
        "http://localhost:99999/health", "/\u0001", "/caf\u00e9", "/a b", "?", "", "/" + "a/" + "b", "/" + new string('a', 4000),
    ];

    private static readonly string[] Raw =
    [
        "GET /health HTTP/1.1\r\n\r\n",
        "GET /health HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
        "GET /health HTTP/1.1\r\nHost: local host\r\n\r\n",
        "GET /health HTTP/1.1\r\nHost: localhost:port\r\n\r\n",
        "GET /health HTTP/1.1\r\nHost: localhost\r\nNoColon\r\n\r\n",
        "GET /health HTTP/1.1\r\nHost: localhost\r\n: empty\r\n\r\n",
        "GET /health HTTP/1.1\r\nHost: localhost\r\nX : blank\r\n\r\n",
        "GET /health HTTP/1.1\r\nHost: localhost\r\n folded\r\n\r\n",
        "GET /health HTTP/1.1\r\nHost: localhost\r\nX: a\rb\r\n\r\n",
        "GET /health HTTP/1.1\r\nHost: localhost\r\nX: \0\r\n\r\n",
        "GET /health HTTP/1.1\nHost: localhost\n\n",
        "GET /health HTTP/0.9\r\n\r\n",
        "GET /health\r\n\r\n",
        "GET /health HTTP/1.2\r\nHost: localhost\r\n\r\n",
        "GET /health HTTP/9.9\r\nHost: localhost\r\n\r\n",
        "GET  /health HTTP/1.1\r\nHost: localhost\r\n\r\n",
        "get /health HTTP/1.1\r\nHost: localhost\r\n\r\n",
        "FOO /health HTTP/1.1\r\nHost: localhost\r\n\r\n",
        "TRACE /health HTTP/1.1\r\nHost: localhost\r\n\r\n",
        "CONNECT evil.example:443 HTTP/1.1\r\nHost: localhost\r\n\r\n",
        "OPTIONS * HTTP/1.1\r\nHost: localhost\r\n\r\n",
        "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        "\u0016\u0003\u0001\u0000\u00a5\u0001\u0000\u0000\u00a1\u0003\u0003 a TLS hello",
        "\r\n\r\n\r\n\r\n",
        "\0\0\0\0\0\0\0\0\r\n\r\n",
        $"GET /health HTTP/1.1\r\nHost: localhost\r\n{string.Concat(Enumerable.Range(0, 200).Select(i => $"X-{i}: y\r\n"))}\r\n",
        $"GET /health HTTP/1.1\r\nHost: localhost\r\nX: {new string('y', 70_000)}\r\n\r\n",
        $"GET /{new string('a', 20_000)} HTTP/1.1\r\nHost: localhost\r\n\r\n",
        "POST /logging_session HTTP/1.1\r\nHost: localhost\r\nContent-Length: -1\r\n\r\n",
        "POST /logging_session HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n{}",
        "POST /logging_session HTTP/1.1\r\nHost: localhost\r\nContent-Length: 99999999999999999999\r\n\r\n",
        "POST /logging_session HTTP/1.1\r\nHost: localhost\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n0\r\n\r\nGET /evil HTTP/1.1\r\nHost: localhost\r\n\r\n",
        "POST /logging_session HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: xchunked\r\n\r\n0\r\n\r\n",
        "POST /logging_session HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n",
        "POST /logging_session HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\nFFFFFFFFFFFFFFFF\r\n",
        "POST /logging_session HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n-1\r\n\r\n",
        "POST /logging_session HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\nzz\r\n",
        Json("{"), Json("[]"), Json("null"), Json("\"\""), Json("{\"session_id\":null}"), Json("{\"session_id\":1}"), Json("{\"session_id\":{}}"), Json("{\"session_id\":\"\\ud800\"}"), Json("{\"session_id\":\"a\",\"labels\":[]}"),
        Json("{\"session_id\":\"a\",\"labels\":{\"\":\"x\"}}"), Json("{\"session_id\":\"a\",\"labels\":{\"k\":{}}}"), Json(new string('[', 5000)), Json("{\"__proto__\":{},\"session_id\":\"..\"}"), Json("\u00ff\u00fe"),
        Header("X-Request-ID: <script>alert(1)</script>"), Header("X-Request-ID: a\"b"), Header($"X-Request-ID: {new string('x', 5000)}"), Header("Range: bytes=0-0,1-1,2-2"), Header("Range: bytes=9999999999999999999-"),
        Header("Expect: the-unexpected"), Header("Authorization: Bearer"), Header("Authorization: Bearer "), Header($"Authorization: Bearer {new string('x', 9000)}"), Header("Authorization: bearer \u00e9"),
        Header("Authorization: Negotiate AAAA"), Header("Cookie: a=b; a=c; \u0001=d"), Header("Origin: null"), Header("Origin: %0d%0a"), Header("Accept-Encoding: gzip;q=nan"), Header("Content-Type: application/json; charset=utf-7"),
        Header("X-Forwarded-For: 1.2.3.4, ::1, localhost, '; --"), Header("X-HTTP-Method-Override: DELETE"), Header("Upgrade: h2c\r\nConnection: Upgrade, HTTP2-Settings\r\nHTTP2-Settings: AAMAAABkAARAAAAAAAIAAAAA"),
        Socket("Sec-WebSocket-Version: 99\r\nSec-WebSocket-Key: c2l4dGVlbiBieXRlcyBvaw=="), Socket("Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: short"), Socket("Sec-WebSocket-Version: 13"),
        Socket("Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: c2l4dGVlbiBieXRlcyBvaw==\r\nSec-WebSocket-Key: c2l4dGVlbiBieXRlcyBvaw=="),
    ];

    /// <summary>Each is one connection's worth; a character is a byte.</summary>
    public static IReadOnlyList<string> All { get; } = [.. Paths.Select(path => $"GET {path}{Get}"), .. Paths.Where(path => !IsCreation(path)).Select(path => $"PUT {path}{Get}"), .. Raw];

    // Odd as they are, these are good ids, so a PUT would create them.
    private static bool IsCreation(string path) => path.StartsWith("/logging_session/", StringComparison.Ordinal);

    private static string Header(string header) => $"GET /logging_session/a HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n{header}\r\n\r\n";

    private static string Json(string body) =>
        $"POST /logging_session HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Type: application/json\r\nContent-Length: {body.Length}\r\n\r\n{body}";

    private static string Socket(string headers) => $"GET /logs/a/read/stdout HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n{headers}\r\n\r\n";
}
