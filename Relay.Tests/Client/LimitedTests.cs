using System.Collections.Concurrent;
using System.Net;
using System.Net.Http.Headers;
using FluentAssertions;
using Relay.Client;
using Relay.Client.Connections;
using Relay.Contracts;
using Relay.Tests.Examples;
using Relay.Tests.TestKit;
using Xunit;

namespace Relay.Tests.Client;

/// <summary>Clients that a limit holds up come again when they are told to, and lose nothing.</summary>
public sealed class LimitedTests
{
    [Fact]
    public void What_the_relay_asks_for_goes_before_the_client_s_own_delay_up_to_half_a_minute()
    {
        var backoff = new RetryBackoff(TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(1), () => 1);
        backoff.Next(new TooManyRequestsException(TimeSpan.FromSeconds(5), "")).Should().Be(TimeSpan.FromSeconds(6));
        backoff.Next(new TooManyRequestsException(TimeSpan.FromHours(5), "")).Should().Be(TimeSpan.FromSeconds(31));
        backoff.Next(RelayException.Create(RelayErrorCode.LimitReached, "")).Should().Be(TimeSpan.FromSeconds(1));
    }

    [Theory]
    [InlineData(429, """{"code":"too_many_requests","detail":"why"}""", RelayErrorCode.TooManyRequests)]
    [InlineData(503, """{"code":"limit_reached","detail":"why"}""", RelayErrorCode.LimitReached)]
    [InlineData(429, "<html>", RelayErrorCode.ConnectionLost)]
    public async Task Retry_After_is_read_from_an_answer(int status, string body, RelayErrorCode code)
    {
        using var client = new RelayClient(new RelayClientOptions { HttpMessageHandler = new Answer((HttpStatusCode)status, body) });
        var failure = (await client.Awaiting(it => it.GetSessionAsync("s")).Should().ThrowAsync<RelayException>()).Which;
        (failure.Code, failure.RetryAfter, failure.IsRetryable).Should().Be((code, TimeSpan.FromSeconds(7), true));
    }

    [Theory]
    [InlineData("Limits:CreatesPerSecond", "Limits:CreateBurst", RelayErrorCode.TooManyRequests)]
    [InlineData("Limits:ConnectsPerSecond", "Limits:ConnectBurst", RelayErrorCode.ConnectionLost)]
    public async Task Writers_that_come_too_often_all_deliver_everything(string rate, string burst, RelayErrorCode seen)
    {
        await using var relay = await StartAsync((rate, "4"), (burst, "1"));
        var failures = new ConcurrentQueue<RelayException>();
        using var client = new RelayClient(new RelayClientOptions { Url = relay.BaseAddress });

        await Eventually.Done(Task.WhenAll(Enumerable.Range(0, 6).Select(Write)), "all are delivered", TimeSpan.FromSeconds(120));

        failures.Select(failure => (failure.Code, failure.RetryAfter)).Should().Contain((seen, TimeSpan.FromSeconds(1)), "some were asked to wait");
        for (var i = 0; i < 6; i++)
        {
            (await relay.Api.ReadAll($"s{i}")).Should().Equal(Text(i));
        }

        async Task Write(int i)
        {
            var options = new WriterOptions
            {
                OnConnectionChange = change =>
                {
                    if (change.Reason is { } failure)
                    {
                        failures.Enqueue(failure);
                    }
                },
            };
            await using var writer = client.OpenWriter($"s{i}", options);
            await writer.WriteAsync(OutputType.Stdout, Text(i));
            await writer.CompleteAsync(0);
        }

        static byte[] Text(int i) => [.. "text of "u8, (byte)('0' + i)];
    }

    [Fact]
    public async Task A_writer_that_a_full_store_refuses_goes_on_when_there_is_room()
    {
        await using var relay = await StartAsync(("Storage:WhenFull", "Refuse"), ("Storage:MaxTotalBytes", "1000000"));
        await relay.Api.CreateSession("other");
        await relay.Api.Append("other", new byte[700_000]);
        using var client = new RelayClient(new RelayClientOptions { Url = relay.BaseAddress });
        var bytes = new byte[600_000];
        new Random(1).NextBytes(bytes);
        var refused = new TaskCompletionSource<RelayException>();
        await using var writer = client.OpenWriter("s", new WriterOptions
        {
            OnConnectionChange = change =>
            {
                if (change.Reason is { Code: RelayErrorCode.StorageFull } failure)
                {
                    refused.TrySetResult(failure);
                }
            },
        });
        await writer.WriteAsync(OutputType.Stdout, bytes);
        (await Eventually.Done(refused.Task, "it is refused")).Message.Should().Contain("Storage:MaxTotalBytes");

        using var deleted = await relay.Api.Send(HttpMethod.Delete, RelayApi.SessionPath("other"));

        await Eventually.Done(writer.CompleteAsync(0), "it is delivered");
        (await relay.Api.ReadAll("s")).ShouldBeExactly(bytes, "what was written");
    }

    [Fact]
    public async Task The_Python_writer_comes_again_and_loses_nothing()
    {
        await using var relay = await StartAsync(("Limits:CreatesPerSecond", "2"), ("Limits:CreateBurst", "1"));
        await using var job = PythonExample.Writer("python", relay.BaseAddress, "sh", "-c", "echo out; echo err >&2; exit 3");
        await job.WaitForExit();

        job.ExitCode.Should().Be(3, job.Describe());
        (await relay.Api.ReadAll("python")).Should().Equal("out\n"u8.ToArray());
        (await relay.Api.ReadAll("python", "stderr")).Should().Equal("err\n"u8.ToArray());
        (await relay.Api.Status("python"))!.State.Should().Be("completed");
    }

    [Fact]
    public async Task The_Python_reader_waits_for_its_turn()
    {
        await using var relay = await StartAsync(("Streaming:MaxReadersPerSession", "1"));
        var session = await relay.Api.CreateSession();
        await relay.Api.Append(session, "text\n"u8.ToArray());
        var first = await relay.Api.Reader(session);
        await using var reader = PythonExample.Reader(session, relay.BaseAddress, "--output", "stdout", "--no-follow");
        await first.ReceiveBytes(5);
        await first.Close();
        await first.DisposeAsync();
        await reader.WaitForExit();

        reader.ShouldHavePrinted("text\n"u8.ToArray(), [], 0, "the reader");
    }

    [Fact]
    public void A_limit_of_the_relay_is_worth_another_try() =>
        new[] { RelayErrorCode.TooManyRequests, RelayErrorCode.LimitReached, RelayErrorCode.StorageFull }.Should().OnlyContain(code => code.IsRetryable());

    private static Task<RelayHost> StartAsync(params (string Key, string Value)[] settings) => RelayHost.StartAsync(options =>
    {
        foreach (var (key, value) in settings)
        {
            options.Settings[key] = value;
        }
    });

    private sealed class Answer(HttpStatusCode status, string body) : HttpMessageHandler
    {
        protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            var answer = new HttpResponseMessage(status) { Content = new StringContent(body), RequestMessage = request };
            answer.Content.Headers.ContentType = new MediaTypeHeaderValue(body[0] == '{' ? "application/problem+json" : "text/html");
            answer.Headers.RetryAfter = new RetryConditionHeaderValue(TimeSpan.FromSeconds(7));
            return Task.FromResult(answer);
        }
    }
}
