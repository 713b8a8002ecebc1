using System.Text.Json;
using FluentAssertions;
using Relay.Tests.TestKit;
using Xunit;

namespace Relay.Tests.EndToEnd;

/// <summary>The published JavaScript client, with its own MessagePack protocol and with JSON, against a real relay.</summary>
[Trait("Category", "EndToEnd")]
public sealed class JavaScriptClientTests
{
    [Theory]
    [InlineData("messagepack")]
    [InlineData("json")]
    public async Task The_JavaScript_client_writes_a_session_and_reads_it_live_and_late(string protocol)
    {
        await using var relay = await RelayHost.StartAsync();
        (await relay.Http.PutAsync("/logging_session/js", null)).EnsureSuccessStatusCode();

        var lines = await NodePeer.RunAsync("session-peer.mjs", [relay.BaseAddress.ToString().TrimEnd('/'), "js", protocol], [], TimeSpan.FromSeconds(60));

        using var seen = JsonDocument.Parse(lines.Should().ContainSingle().Subject);
        var acks = seen.RootElement.GetProperty("acks").EnumerateArray().Select(kind => kind.GetInt32()).ToList();
        acks.Should().HaveElementAt(0, 1, "the grant comes first").And.HaveElementAt(acks.Count - 1, 3, "the completion is acknowledged last");
        foreach (var reader in new[] { "live", "late" })
        {
            var entries = seen.RootElement.GetProperty(reader).EnumerateArray().ToList();
            TextOf(entries, output: 1).Should().Be("hello from JavaScript ☃\n", reader);
            TextOf(entries, output: 2).Should().Be("a warning\n", reader);
            var end = entries[^1];
            end.GetProperty("kind").GetString().Should().Be("end");
            end.GetProperty("end").GetInt32().Should().Be(1, "the job completed");
            end.GetProperty("exitCode").GetInt32().Should().Be(3);
        }

        seen.RootElement.GetProperty("refusal").GetString().Should().Contain("HubException: session_not_found: There is no session 'no such session'");
    }

    private static string TextOf(IEnumerable<JsonElement> entries, int output) => string.Concat(entries
        .Where(entry => entry.GetProperty("kind").GetString() == "data" && entry.GetProperty("output").GetInt32() == output)
        .Select(entry => entry.GetProperty("text").GetString()));
}
