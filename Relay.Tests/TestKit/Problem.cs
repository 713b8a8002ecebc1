using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using FluentAssertions;

namespace Relay.Tests.TestKit;

/// <summary>An RFC 9457 answer as <c>docs/protocol.md</c> §3 describes it.</summary>
internal sealed record Problem(int Status, string Code, string Detail, JsonElement Document)
{
    /// <summary>Checks the form that every refusal has, and its code, and hands it back for more.</summary>
    public static async Task<Problem> Of(HttpResponseMessage answer, HttpStatusCode status, string code)
    {
        var text = await answer.Content.ReadAsStringAsync();
        answer.StatusCode.Should().Be(status, text);
        answer.Content.Headers.ContentType?.MediaType.Should().Be("application/problem+json", text);
        var document = (await answer.Content.ReadFromJsonAsync<JsonElement>()).Clone();
        string Text(string name) => document.TryGetProperty(name, out var value) ? value.GetString() ?? "" : "";

        document.GetProperty("status").GetInt32().Should().Be((int)status, text);
        Text("code").Should().Be(code, text);
        Text("title").Should().NotBeEmpty(text);
        Text("detail").Should().NotBeEmpty(text);
        Text("detail").Should().NotContain("   at ", "a stack trace helps no client");
        Text("request_id").Should().Be(answer.Headers.GetValues("X-Request-ID").Single(), text);
        return new Problem((int)status, code, Text("detail"), document);
    }
}
