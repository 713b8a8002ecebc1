using System.Text.Encodings.Web;
using System.Text.Json;
using FluentAssertions;
using Relay.Server.Observability;
using Xunit;

namespace Relay.Tests.Observability;

/// <summary>What is taken for a secret in a line of the log, and what is left alone.</summary>
public sealed class MaskedFormatterTests
{
    private const string Token = "FpLrkpjm4JFi2DKsvc3DUx15xYswfw1z5BoRV0aZL0o";

    private static readonly JsonSerializerOptions AsLogged = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    [Theory]
    [InlineData("GET /x?access_token=short&from=3 200", "GET /x?access_token=***&from=3 200")]
    [InlineData("?ticket=a%2Fb", "?ticket=***")]
    [InlineData("?TICKET=a", "?TICKET=***")]
    [InlineData("?ticket%3Da", "?ticket%3D***")]
    [InlineData("?refresh_token=a&admin_key=b&password=c", "?refresh_token=***&admin_key=***&password=***")]
    [InlineData("Authorization: Bearer abc, and", "Authorization: Bearer *** and")]
    [InlineData("authorization: bearer   abc", "authorization: bearer   ***")]
    [InlineData("Authorization: Basic dXNlcjpwYXNzd29yZA==", "Authorization: Basic ***")]
    [InlineData("There is no session 'FpLrkpjm4JFi2DKsvc3DUx15xYswfw1z5BoRV0aZL0o'.", "There is no session '***'.")]
    [InlineData("/logs/FpLrkpjm4JFi2DKsvc3DUx15xYswfw1z5BoRV0aZL0o/read", "/logs/***/read")]
    [InlineData("%22FpLrkpjm4JFi2DKsvc3DUx15xYswfw1z5BoRV0aZL0o%22", "%22***%22")]
    [InlineData("a key 'q7+Admin/Key0fTheTestsThat1sNever1nALog+9xZ='", "a key '***'")]
    public void Secrets_go_out_of_the_line(string line, string masked) => MaskedFormatter.Hide(line).Should().Be(masked);

    [Theory]
    [InlineData("Session nightly was created")]
    [InlineData("Microsoft.AspNetCore.SignalR.Internal.DefaultHubDispatcher")]
    [InlineData("RequestId 48f4dd2e6a5e4b0aa3f4a7f3f2cfdc11")]
    [InlineData("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01")]
    [InlineData("basic rules, and a bearer")]
    [InlineData("session nightly-etl-customer-orders-2026-11-22-0300x")]
    [InlineData("/var/lib/sparklogrelay/sessions/application_1700000000000_0001/000000000001.log")]
    public void Other_words_stay(string line) => MaskedFormatter.Hide(line).Should().Be(line);

    [Theory]
    [InlineData("token=abc\"def\\ghi\njkl")]
    [InlineData("token=\\")]
    [InlineData("token=\"")]
    [InlineData("Bearer \\\"x\\")]
    [InlineData("Bearer\ta\tb\u0001c")]
    [InlineData("x\nFpLrkpjm4JFi2DKsvc3DUx15xYswfw1z5BoRV0aZL0o\n")]
    [InlineData("\u001eFpLrkpjm4JFi2DKsvc3DUx15xYswfw1z5BoRV0aZL0o\u001e")]
    public void A_line_of_JSON_stays_JSON(string message)
    {
        var line = JsonSerializer.Serialize(new { message, after = "kept" }, AsLogged);

        var masked = JsonDocument.Parse(MaskedFormatter.Hide(line)).RootElement;

        masked.GetProperty("after").GetString().Should().Be("kept");
        masked.GetProperty("message").GetString().Should().NotContain(Token).And.NotContain("def");
    }
}
