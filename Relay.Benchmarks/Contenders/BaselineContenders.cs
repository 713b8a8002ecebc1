using System.Net.WebSockets;
using Relay.Benchmarks.Baselines;
using Relay.Benchmarks.Load;

namespace Relay.Benchmarks.Contenders;

/// <summary><see cref="BareRelay"/> in its process.</summary>
internal sealed class BareContender(ServerProcess server) : Contender("bare relay", server)
{
    public const string Role = "bare";
    public const string StoringRole = "storing";

    public static async Task<BareContender> StartAsync(bool stores = false) => new(await Baseline.StartAsync(stores ? StoringRole : Role));

    public override Task<ISender> OpenSenderAsync(string session, Wire wire) => wire == Wire.PackedText
        ? PackedSender.OpenAsync(WebSocket($"/logs/{session}/write/stdout"))
        : WebSocketSender.OpenAsync(WebSocket($"/logs/{session}/write/stdout"), wire == Wire.Native ? WebSocketMessageType.Binary : WebSocketMessageType.Text);

    public override Task<IReceiver> OpenReceiverAsync(string session, Wire wire, Receipt receipt) =>
        WebSocketReceiver.OpenAsync(WebSocket($"/logs/{session}/read/stdout{(wire == Wire.Native ? "?format=binary" : "")}"), receipt);
}

/// <summary><see cref="NaiveHub"/> in its process.</summary>
internal sealed class HubContender(ServerProcess server) : Contender("naive hub", server)
{
    public const string Role = "hub";

    public static async Task<HubContender> StartAsync() => new(await Baseline.StartAsync(Role));

    public override async Task<ISender> OpenSenderAsync(string session, Wire wire) => new HubSender(await HubLine.ConnectAsync(Server.Url), session);

    public override Task<IReceiver> OpenReceiverAsync(string session, Wire wire, Receipt receipt) => HubReceiver.OpenAsync(Server.Url, session, receipt);
}

internal static class Baseline
{
    public static Task<ServerProcess> StartAsync(string role) =>
        ServerProcess.StartAsync("Relay.Benchmarks.dll", "/", new Dictionary<string, string>(), port => ["serve", role, $"{port}"]);
}
