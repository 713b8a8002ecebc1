using System.Net;
using System.Reflection;
using System.Threading.Channels;
using FluentAssertions;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.AspNetCore.SignalR.Client;
using Microsoft.Extensions.DependencyInjection;
using Relay.Client;
using Relay.Client.Connections;
using Relay.Contracts;
using Relay.Server.Security;
using Relay.Server.Streaming;
using Relay.Tests.TestKit;
using Xunit;

namespace Relay.Tests.Security;

/// <summary>Every route and every hub method, and who may use it. One that is added without a row here fails the first test of its kind.</summary>
public sealed class AccessTableTests(LockedRelay relay) : IClassFixture<LockedRelay>
{
    private static readonly Dictionary<string, Right?> Routes = new(StringComparer.Ordinal)
    {
        ["POST logging_session"] = Right.Admin,
        ["GET logging_session"] = Right.Admin,
        ["POST logging_session/{id}"] = Right.Admin,
        ["PUT logging_session/{id}"] = Right.Write,
        ["GET logging_session/{id}"] = Right.Look,
        ["DELETE logging_session/{id}"] = Right.Admin,
        ["POST logging_session/{id}/complete"] = Right.Write,
        ["GET /logs/{id}/read/{output}"] = Right.Read,
        ["HEAD /logs/{id}/read/{output}"] = Right.Read,
        ["GET /logs/{id}/write/{output}"] = Right.Write,
        ["HEAD /logs/{id}/write/{output}"] = Right.Write,
        ["PUT /logs/{id}/write/{output}"] = Right.Write,
        ["POST /logs/{id}/write/{output}"] = Right.Write,
        ["GET /logs/{id}/search"] = Right.Read,
        ["GET /logs/{id}/text"] = Right.Read,
        ["GET /"] = null,
        ["GET /s/{id}"] = null,
        ["GET /assets/{file}"] = null,
        ["GET /icon.svg"] = null,
        ["POST /tickets"] = Right.Connect,
        ["* /hubs/logs/negotiate"] = Right.Connect,
        ["* /hubs/logs"] = Right.Connect,
        ["GET /health"] = null,
        ["HEAD /health"] = null,
        ["GET /openapi/{documentName}.json"] = null,
    };

    private static readonly Dictionary<string, Right> Methods = new(StringComparer.Ordinal)
    {
        [HubRoutes.Write] = Right.Write,
        [HubRoutes.Read] = Right.Read,
        [HubRoutes.ReadPaced] = Right.Read,
        [HubRoutes.ReadLines] = Right.Read,
        [HubRoutes.Search] = Right.Read,
        [HubRoutes.Sessions] = Right.Admin,
        [HubRoutes.Watch] = Right.Read,
        [HubRoutes.Unwatch] = Right.Connect,
    };

    public static TheoryData<string> RouteNames => new(Routes.Keys);

    public static TheoryData<string> SocketNames => new("GET /logs/{id}/read/{output}", "GET /logs/{id}/write/{output}", "* /hubs/logs");

    public static TheoryData<string> MethodNames => new(Methods.Keys);

    [Fact]
    public void Every_route_has_a_row()
    {
        var routes = relay.Host.Services.GetRequiredService<EndpointDataSource>().Endpoints.OfType<RouteEndpoint>()
            .SelectMany(endpoint => (endpoint.Metadata.GetMetadata<IHttpMethodMetadata>()?.HttpMethods is { Count: > 0 } methods ? methods : ["*"])
                .Where(method => method != HttpMethods.Options)
                .Select(method => $"{method} {endpoint.RoutePattern.RawText}"));

        routes.Distinct().Order(StringComparer.Ordinal).Should().Equal(Routes.Keys.Order(StringComparer.Ordinal));
    }

    [Fact]
    public void Every_hub_method_has_a_row() =>
        typeof(LogHub).GetMethods(BindingFlags.Public | BindingFlags.Instance | BindingFlags.DeclaredOnly).Select(method => method.Name).Should().BeEquivalentTo(Methods.Keys);

    [Theory]
    [MemberData(nameof(RouteNames))]
    public async Task A_route_lets_in_whom_it_should(string route)
    {
        foreach (var actor in Actors.All)
        {
            (await AskAsync(route, actor, asWebSocket: false)).Should().Be(actor.Expected(Routes[route], TakesTickets(route)), $"{actor} asks for {route}");
        }
    }

    [Theory]
    [MemberData(nameof(SocketNames))]
    public async Task A_WebSocket_lets_in_whom_it_should(string route)
    {
        foreach (var actor in Actors.All)
        {
            (await AskAsync(route, actor, asWebSocket: true)).Should().Be(actor.Expected(Routes[route], takesTickets: true), $"{actor} shakes hands at {route}");
        }
    }

    [Theory]
    [MemberData(nameof(MethodNames))]
    public async Task A_hub_method_lets_in_whom_it_should(string method)
    {
        foreach (var actor in Actors.All.Where(actor => actor != Actor.TokenInUrl))
        {
            (await CallAsync(method, actor)).Should().Be(actor.Expected(Methods[method], takesTickets: true), $"{actor} calls {method}");
        }
    }

    [Fact]
    public async Task A_path_that_is_not_there_tells_strangers_no_more_than_one_that_is()
    {
        using var stranger = await relay.Host.Http.GetAsync("/nowhere");
        using var known = await relay.Host.Http.SendAsync(new Credentials(LockedRelay.AdminKey).Sign(HttpMethod.Get, "/nowhere"));

        stranger.StatusCode.Should().Be(HttpStatusCode.Unauthorized);
        known.StatusCode.Should().Be(HttpStatusCode.NotFound);
    }

    private static bool TakesTickets(string route) => route.StartsWith("GET ", StringComparison.Ordinal) || route.StartsWith("HEAD ", StringComparison.Ordinal) || route.Contains("/hubs/", StringComparison.Ordinal);

    private async Task<Admission> AskAsync(string route, Actor actor, bool asWebSocket)
    {
        var session = await relay.CreateAsync();
        var credentials = await relay.CredentialsOf(actor, session);
        var (method, pattern) = (route.Split(' ')[0], route.Split(' ')[1]);
        var path = "/" + pattern.TrimStart('/').Replace("{id}", session.SessionId, StringComparison.Ordinal)
            .Replace("{output}", "stdout", StringComparison.Ordinal)
            .Replace("{documentName}", "v1", StringComparison.Ordinal)
            .Replace("{file}", "x", StringComparison.Ordinal);
        using var request = credentials.Sign(method == "*" ? HttpMethod.Get : new HttpMethod(method), path);
        if (asWebSocket)
        {
            RelayApi.MakeHandshake(request);
        }

        using var answer = await Eventually.Done(relay.Host.Http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead), $"{actor} gets an answer from {route}");
        if (asWebSocket && answer.StatusCode is not (HttpStatusCode.Unauthorized or HttpStatusCode.Forbidden))
        {
            answer.StatusCode.Should().Be(HttpStatusCode.SwitchingProtocols);
        }

        if (answer.StatusCode is not (HttpStatusCode.Unauthorized or HttpStatusCode.Forbidden))
        {
            return Admission.LetIn;
        }

        answer.Headers.WwwAuthenticate.Single().Scheme.Should().Be("Bearer");
        var isUnknown = answer.StatusCode == HttpStatusCode.Unauthorized;
        if (method != "HEAD")
        {
            await Problem.Of(answer, answer.StatusCode, isUnknown ? "unauthorized" : "forbidden");
        }

        return isUnknown ? Admission.Unknown : Admission.Forbidden;
    }

    private async Task<Admission> CallAsync(string method, Actor actor)
    {
        var session = await relay.CreateAsync();
        var credentials = await relay.CredentialsOf(actor, session);
        var dialer = new HubDialer(new RelayClientOptions { Url = relay.Host.BaseAddress, Token = credentials.Token ?? credentials.Ticket });
        try
        {
            await using var link = await dialer.DialAsync(CancellationToken.None);
            await Eventually.Done(CallAsync(link.Connection, method, session.SessionId), $"{actor} gets an answer of {method}");
            return Admission.LetIn;
        }
        catch (AccessDeniedException e)
        {
            return e.Code == RelayErrorCode.Unauthorized ? Admission.Unknown : Admission.Forbidden;
        }
    }

    private static async Task CallAsync(HubConnection hub, string method, string session)
    {
        try
        {
            switch (method)
            {
                case HubRoutes.Write:
                    var items = Channel.CreateBounded<WriteItem>(1);
                    await FirstAsync(hub.StreamAsync<WriteAck>(method, new WriteRequest { Session = session, RunId = "run", Attempt = 1 }, items.Reader));
                    break;
                case HubRoutes.Read:
                    await FirstAsync(hub.StreamAsync<LogBatch>(method, new ReadRequest { Session = session, Follow = false }));
                    break;
                case HubRoutes.ReadPaced:
                    var credits = Channel.CreateBounded<int>(1);
                    credits.Writer.TryWrite(1);
                    await FirstAsync(hub.StreamAsync<LogBatch>(method, new ReadRequest { Session = session, Follow = false }, credits.Reader));
                    break;
                case HubRoutes.ReadLines:
                    await hub.InvokeAsync<LinePage>(method, new LinesRequest { Session = session, Count = 1 });
                    break;
                case HubRoutes.Search:
                    await FirstAsync(hub.StreamAsync<SearchBatch>(method, new SearchRequest { Session = session, Pattern = "x" }));
                    break;
                case HubRoutes.Sessions:
                    await FirstAsync(hub.StreamAsync<SessionsBatch>(method, new SessionsRequest()));
                    break;
                default:
                    await hub.InvokeAsync(method, new WatchRequest { Session = session });
                    break;
            }
        }
        catch (Exception e) when (e is not AccessDeniedException)
        {
            throw HubFailures.ToRelay(e);
        }
    }

    private static async Task FirstAsync<T>(IAsyncEnumerable<T> stream)
    {
        await foreach (var _ in stream)
        {
            return;
        }
    }
}
