using System.Collections.Concurrent;
using FluentAssertions;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Relay.Client;
using Relay.Contracts;
using Relay.Tests.Cli;
using Relay.Tests.TestKit;
using Xunit;

namespace Relay.Tests.Client;

public sealed class TokenTests
{
    private const string Token = "s3cret.Token~of.32.characters.or.more";
    private readonly ConcurrentQueue<string> _asked = new();

    [Fact]
    public async Task The_token_goes_with_every_call_and_handshake()
    {
        await using var relay = await Start(_ => false, adminKey: Token);
        using var client = new RelayClient(new RelayClientOptions { Url = relay.BaseAddress, Token = Token });
        await using (var writer = client.OpenWriter("s"))
        {
            await Eventually.Done(writer.CompleteAsync(0), "the job completes");
        }

        await foreach (var _ in client.ReadBatchesAsync("s"))
        {
        }

        await client.ListSessionsAsync();
        _asked.Distinct().Should().BeEquivalentTo(
            $"PUT /logging_session/s Bearer {Token}", $"GET /hubs/logs Bearer {Token}", $"GET /logging_session Bearer {Token}");
    }

    [Fact]
    public async Task Without_a_token_there_is_no_header()
    {
        await using var relay = await Start(_ => false);
        using var client = new RelayClient(relay.BaseAddress);
        await client.ListSessionsAsync();
        _asked.Should().Equal("GET /logging_session ");
    }

    [Fact]
    public async Task A_redirect_does_not_take_the_token_along()
    {
        await using var stranger = await Start(_ => false);
        await using var relay = await RelayHost.StartAsync(options => options.Customize = builder => builder.Services.AddSingleton<IStartupFilter>(
            new Before(context =>
            {
                context.Response.Redirect(new Uri(stranger.BaseAddress, context.Request.Path).AbsoluteUri);
                return true;
            })));
        using var client = new RelayClient(new RelayClientOptions { Url = relay.BaseAddress, Token = Token, ConnectTimeout = TimeSpan.FromSeconds(5) });
        await client.ListSessionsAsync();
        var read = new ReadOptions { FirstConnectTimeout = TimeSpan.Zero };
        await client.ReadAsync("s", read).GetAsyncEnumerator().Awaiting(it => it.MoveNextAsync().AsTask()).Should().ThrowAsync<RelayException>();
        _asked.Should().NotBeEmpty().And.OnlyContain(request => !request.Contains(Token));
    }

    [Theory]
    [InlineData("")]
    [InlineData("two words")]
    [InlineData("line\n")]
    [InlineData("ä")]
    public void A_token_that_no_header_can_carry_is_refused_without_being_shown(string token)
    {
        var make = () => new RelayClient(new RelayClientOptions { Token = token });
        make.Should().Throw<ArgumentException>().WithMessage("Token must have*").Where(failure => token == "" || !failure.Message.Contains(token));
    }

    [Fact]
    public void The_options_do_not_show_the_token() =>
        new RelayClientOptions { Token = Token }.ToString().Should().Be("RelayClientOptions { Url = http://127.0.0.1:8160/ }");

    [Fact]
    public async Task Both_tools_take_the_token_from_the_environment()
    {
        await using var relay = await Start(_ => false, adminKey: Token);
        var url = relay.BaseAddress.AbsoluteUri;
        await using var writer = await ChildProcess.Run(WithToken(DotNet.Writer("run", "--session", "job", "--url", url, "--", "true"), Token));
        await using var reader = await ChildProcess.Run(WithToken(DotNet.Cli("tail", "job", "--url", url), Token));
        (writer.ExitCode, reader.ExitCode).Should().Be((0, 0));
        _asked.Should().HaveCountGreaterThan(2).And.OnlyContain(request => request.EndsWith($" Bearer {Token}"));

        await using var refused = await ChildProcess.Run(WithToken(DotNet.Cli("sessions", "--url", url), "not visible\u0001"));
        refused.ExitCode.Should().Be(2);
        refused.StderrText.Should().StartWith("relay: $RELAY_TOKEN must have visible ASCII characters only").And.NotContain("not visible");
    }

    [Fact]
    public async Task A_proxy_that_wants_another_token_is_told_apart()
    {
        await using var relay = await Start(context =>
        {
            context.Response.StatusCode = StatusCodes.Status401Unauthorized;
            return true;
        });
        (await InMemoryCli.RunAsync(relay.BaseAddress, "sessions")).Should().Match<InMemoryCli>(
            it => it.ExitCode == 100 && it.Error.Contains("answered 401 Unauthorized: access is refused"));
    }

    private static ChildCommand WithToken(ChildCommand command, string token) =>
        command with { Environment = new Dictionary<string, string?>(StringComparer.Ordinal) { ["RELAY_TOKEN"] = token } };

    private Task<RelayHost> Start(Func<HttpContext, bool> answers, string? adminKey = null) => RelayHost.StartAsync(options =>
    {
        if (adminKey is not null)
        {
            options.Settings["Security:AdminKeys"] = adminKey;
        }

        options.Customize = builder => builder.Services.AddSingleton<IStartupFilter>(new Before(context =>
        {
            _asked.Enqueue($"{context.Request.Method} {context.Request.Path} {context.Request.Headers.Authorization}");
            return answers(context);
        }));
    });

    /// <summary>Sees every request first, as a proxy would, and may answer it.</summary>
    private sealed class Before(Func<HttpContext, bool> answers) : IStartupFilter
    {
        public Action<IApplicationBuilder> Configure(Action<IApplicationBuilder> next) => app =>
        {
            app.Use(async (context, rest) =>
            {
                if (!answers(context))
                {
                    await rest(context);
                }
            });
            next(app);
        };
    }
}
