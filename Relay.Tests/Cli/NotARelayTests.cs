using System.Net;
using System.Net.Sockets;
using System.Text;
using FluentAssertions;
using Relay.Client;
using Relay.Contracts;
using Xunit;

namespace Relay.Tests.Cli;

public sealed class NotARelayTests
{
    private const string Page = "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 13\r\nConnection: close\r\n\r\n<html></html>";
    private const string NotFound = "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";

    [Theory]
    [InlineData("sessions", Page, "answered with something else than was asked for")]
    [InlineData("sessions", NotFound, "answered 404 Not Found")]
    [InlineData("sessions", "SSH-2.0-OpenSSH_9.2\r\n", "does not answer in HTTP")]
    [InlineData("verify s", Page, "answered with something else than was asked for")]
    [InlineData("delete s", NotFound, "answered 404 Not Found")]
    public async Task What_answers_but_is_no_relay_is_one_clear_line(string line, string answer, string words)
    {
        await using var stranger = new Stranger(answer);
        var refused = await InMemoryCli.RunAsync(stranger.Url, line.Split(' '));
        refused.ExitCode.Should().Be(103);
        refused.Error.Should().MatchRegex("^relay: (s: )?What answers at http://127.0.0.1:[0-9]+ is not a relay(, or its relay is away)?: ").And.Contain(words);
        refused.Error.Count(c => c == '\n').Should().Be(1);
    }

    [Theory]
    [InlineData(Page, "the WebSocket handshake was answered with 200")]
    [InlineData(NotFound, "the WebSocket handshake was answered with 404")]
    [InlineData("SSH-2.0-OpenSSH_9.2\r\n", "it does not answer in HTTP")]
    public async Task A_reader_is_told_so_too(string answer, string words)
    {
        await using var stranger = new Stranger(answer);
        using var client = new RelayClient(stranger.Url);
        await using var read = client.ReadAsync("s", new ReadOptions { FirstConnectTimeout = TimeSpan.Zero }).GetAsyncEnumerator();
        await read.Awaiting(it => it.MoveNextAsync().AsTask()).Should().ThrowAsync<RelayException>().WithMessage($"What answers at * is not a relay*: {words}.");
    }

    /// <summary>Answers whatever it is asked with the same bytes.</summary>
    private sealed class Stranger : IAsyncDisposable
    {
        private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
        private readonly CancellationTokenSource _stop = new();
        private readonly Task _answering;

        public Stranger(string answer)
        {
            _listener.Start();
            _answering = AnswerAsync(Encoding.ASCII.GetBytes(answer), _stop.Token);
        }

        public Uri Url => new($"http://{_listener.LocalEndpoint}");

        public async ValueTask DisposeAsync()
        {
            await _stop.CancelAsync();
            await _answering;
            _listener.Dispose();
            _stop.Dispose();
        }

        private async Task AnswerAsync(byte[] answer, CancellationToken cancellationToken)
        {
            var buffer = new byte[4096];
            while (!cancellationToken.IsCancellationRequested)
            {
                try
                {
                    using var client = await _listener.AcceptTcpClientAsync(cancellationToken);
                    var stream = client.GetStream();
                    _ = await stream.ReadAsync(buffer, cancellationToken);
                    await stream.WriteAsync(answer, cancellationToken);
                }
                catch (Exception e) when (e is OperationCanceledException or IOException)
                {
                    // The test is over, or the client did not like the answer.
                }
            }
        }
    }
}
