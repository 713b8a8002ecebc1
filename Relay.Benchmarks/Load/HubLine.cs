using System.Net;
using System.Net.WebSockets;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.SignalR.Client;
using Microsoft.AspNetCore.SignalR.Protocol;
using Microsoft.Extensions.DependencyInjection;
using Relay.Benchmarks.Baselines;
using Relay.Client.Connections;
using Relay.Contracts.Protocol;

namespace Relay.Benchmarks.Load;

/// <summary>A connection to the naive hub.</summary>
internal static class HubLine
{
    public static async Task<HubConnection> ConnectAsync(Uri server)
    {
        var builder = new HubConnectionBuilder();
        builder.Services.AddSingleton<IConnectionFactory>(new WebSocketConnectionFactory(new SocketsHttpHandler(), token: null, WebSocketMessageType.Binary));
        builder.Services.AddSingleton<EndPoint>(new UriEndPoint(new UriBuilder(new Uri(server, NaiveHub.Route)) { Scheme = "ws" }.Uri));
        builder.Services.AddSingleton<IHubProtocol, MessagePackHubProtocol>();
        var connection = builder.Build();
        await connection.StartAsync();
        return connection;
    }
}

/// <summary>One invocation a call; nobody waits for its answer.</summary>
internal sealed class HubSender(HubConnection connection, string session) : ISender
{
    public ValueTask SendAsync(ReadOnlyMemory<byte> bytes) => new(connection.SendAsync(nameof(NaiveHub.Write), session, bytes.ToArray()));

    public ValueTask DisposeAsync() => connection.DisposeAsync();
}

/// <summary>Gets a call for each line.</summary>
internal sealed class HubReceiver : IReceiver
{
    private readonly HubConnection _connection;

    private HubReceiver(HubConnection connection, Receipt receipt)
    {
        (_connection, Receipt) = (connection, receipt);
        connection.On<byte[]>(NaiveHub.Line, line => receipt.Take(line));
    }

    public Receipt Receipt { get; }

    public static async Task<IReceiver> OpenAsync(Uri server, string session, Receipt receipt)
    {
        var connection = await HubLine.ConnectAsync(server);
        var receiver = new HubReceiver(connection, receipt);
        await connection.InvokeAsync(nameof(NaiveHub.Join), session);
        return receiver;
    }

    public ValueTask DisposeAsync() => _connection.DisposeAsync();
}
