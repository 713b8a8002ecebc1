using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.SignalR;
using Microsoft.AspNetCore.SignalR.Protocol;
using Microsoft.Extensions.DependencyInjection;
using Relay.Contracts.Protocol;

namespace Relay.Benchmarks.Baselines;

/// <summary>A relay as SignalR's tutorials suggest it: one group a session, and each message sent to it. It keeps nothing.</summary>
internal sealed class NaiveHub : Hub
{
    public const string Route = "/hub";
    public const string Line = "line";

    public static Task RunAsync(int port)
    {
        // The same encoding as the relay's, so that it is not the encoding that is compared.
        var app = BaselineHost.Create(port, builder => builder.Services.AddSignalR().Services.AddSingleton<IHubProtocol, MessagePackHubProtocol>());
        app.MapGet("/", () => "ok");
        app.MapHub<NaiveHub>(Route);
        return app.RunAsync();
    }

    public Task Join(string session) => Groups.AddToGroupAsync(Context.ConnectionId, session, Context.ConnectionAborted);

    public Task Write(string session, byte[] line) => Clients.Group(session).SendAsync(Line, line, Context.ConnectionAborted);
}
