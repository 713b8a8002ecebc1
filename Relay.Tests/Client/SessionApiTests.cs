using System.Net;
using System.Net.Sockets;
using System.Text;
using FluentAssertions;
using Relay.Client;
using Relay.Contracts;
using Xunit;

namespace Relay.Tests.Client;

public sealed class SessionApiTests
{
    [Fact]
    public async Task Ids_are_percent_encoded_and_the_path_prefix_of_the_relay_is_kept()
    {
        var answers = new Answers(HttpStatusCode.OK, "{}");
        using var client = new RelayClient(new RelayClientOptions { Url = new Uri("http://relay/prefix"), HttpMessageHandler = answers });
        await client.EnsureSessionAsync("täglich 100%?#");
        answers.Asked.Should().Be("PUT http://relay/prefix/logging_session/t%C3%A4glich%20100%25%3F%23");
    }

    [Theory]
    [InlineData(404, "session_not_found", typeof(SessionNotFoundException))]
    [InlineData(410, "session_deleted", typeof(SessionGoneException))]
    [InlineData(400, "session_exists", typeof(SessionExistsException))]
    public async Task Problem_documents_become_typed_failures(int status, string code, Type type)
    {
        using var client = Client((HttpStatusCode)status, $$"""{"status":{{status}},"code":"{{code}}","detail":"why"}""");
        var failure = (await client.Awaiting(it => it.DeleteSessionAsync("s")).Should().ThrowAsync<RelayException>().WithMessage("why")).Which;
        failure.Should().BeOfType(type);
        failure.Code.ToName().Should().Be(code);
    }

    [Fact]
    public async Task A_connection_that_is_reset_while_it_is_made_is_a_lost_one()
    {
        using var client = new RelayClient(new RelayClientOptions { HttpMessageHandler = new Broken() });
        var failure = (await client.Awaiting(it => it.GetSessionAsync("s")).Should().ThrowAsync<RelayException>()).Which;
        failure.Code.Should().Be(RelayErrorCode.ConnectionLost);
        failure.IsRetryable.Should().BeTrue();
    }

    [Fact]
    public async Task An_unknown_session_is_null_and_a_gone_one_throws()
    {
        using var unknown = Client(HttpStatusCode.NotFound, """{"code":"session_not_found","detail":"no"}""");
        (await unknown.GetSessionAsync("s")).Should().BeNull();
        using var gone = Client(HttpStatusCode.Gone, """{"code":"session_expired","detail":"no"}""");
        await gone.Awaiting(it => it.GetSessionAsync("s")).Should().ThrowAsync<SessionGoneException>();
    }

    [Theory]
    [InlineData(502, RelayErrorCode.ConnectionLost)]
    [InlineData(404, RelayErrorCode.ConnectionLost)]
    [InlineData(401, RelayErrorCode.Unauthorized)]
    [InlineData(403, RelayErrorCode.Forbidden)]
    public async Task An_answer_that_is_not_the_relay_s_own_is_told_from_one_that_is(int status, RelayErrorCode code)
    {
        using var client = Client((HttpStatusCode)status, "<html>Bad Gateway</html>", "text/html");
        (await client.Awaiting(it => it.GetSessionAsync("s")).Should().ThrowAsync<RelayException>()).Which.Code.Should().Be(code);
    }

    [Fact]
    public async Task A_relay_that_is_not_there_is_a_lost_connection()
    {
        using var client = new RelayClient(new Uri("http://127.0.0.1:1"));
        (await client.Awaiting(it => it.ListSessionsAsync()).Should().ThrowAsync<RelayException>()).Which.Code.Should().Be(RelayErrorCode.ConnectionLost);
    }

    [Fact]
    public async Task A_wrong_id_is_refused_before_anything_is_sent()
    {
        using var client = Client(HttpStatusCode.OK, "{}");
        (await client.Awaiting(it => it.CreateSessionAsync("a/b")).Should().ThrowAsync<RelayException>()).Which.Code.Should().Be(RelayErrorCode.InvalidSessionId);
    }

    private static RelayClient Client(HttpStatusCode status, string body, string type = "application/problem+json") =>
        new(new RelayClientOptions { HttpMessageHandler = new Answers(status, body, type) });

    /// <summary>As .NET's own handler fails when it asks a socket for its other end, and that is gone.</summary>
    private sealed class Broken : HttpMessageHandler
    {
        protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken) =>
            throw new SocketException((int)SocketError.NotConnected);
    }

    private sealed class Answers(HttpStatusCode status, string body, string type = "application/json") : HttpMessageHandler
    {
        public string? Asked { get; private set; }

        protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            Asked = $"{request.Method} {request.RequestUri!.AbsoluteUri}";
            return Task.FromResult(new HttpResponseMessage(status) { Content = new StringContent(body, Encoding.UTF8, type), RequestMessage = request });
        }
    }
}
