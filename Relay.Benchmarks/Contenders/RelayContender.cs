using System.Net.WebSockets;
using Relay.Benchmarks.Load;
using Relay.Client;

namespace Relay.Benchmarks.Contenders;

/// <summary>This relay as it is shipped: its store on disk, with every default but the limits on how fast one address may connect.</summary>
internal sealed class RelayContender : Contender
{
    private readonly string _folder;

    private RelayContender(string name, ServerProcess server, string folder)
        : base(name, server) => (_folder, Client) = (folder, new RelayClient(server.Url));

    public RelayClient Client { get; }

    public string Folder => _folder;

    /// <param name="name">What to call it.</param>
    /// <param name="settings">Settings beside the defaults.</param>
    public static async Task<RelayContender> StartAsync(string name = "relay", params (string Key, string Value)[] settings)
    {
        var folder = Directory.CreateTempSubdirectory("relay-benchmarks-").FullName;
        var server = await StartServerAsync(folder, settings);
        return new RelayContender(name, server, folder);
    }

    public override Task CreateSessionAsync(string session) => Client.CreateSessionAsync(session);

    public override Task DeleteSessionAsync(string session) => Client.DeleteSessionAsync(session);

    public override Task<ISender> OpenSenderAsync(string session, Wire wire) => wire switch
    {
        Wire.Native => Task.FromResult<ISender>(new LibrarySender(Client.OpenWriter(session))),
        Wire.Text => WebSocketSender.OpenAsync(WebSocket($"/logs/{session}/write/stdout"), WebSocketMessageType.Text),
        _ => PackedSender.OpenAsync(WebSocket($"/logs/{session}/write/stdout")),
    };

    public override Task<IReceiver> OpenReceiverAsync(string session, Wire wire, Receipt receipt) => wire == Wire.Native
        ? Task.FromResult<IReceiver>(new LibraryReceiver(Client, session, receipt))
        : WebSocketReceiver.OpenAsync(WebSocket($"/logs/{session}/read/stdout"), receipt);

    public override async ValueTask DisposeAsync()
    {
        Client.Dispose();
        await base.DisposeAsync();
        Directory.Delete(_folder, recursive: true);
    }

    private static Task<ServerProcess> StartServerAsync(string folder, IEnumerable<(string Key, string Value)> settings)
    {
        var environment = new Dictionary<string, string>(StringComparer.Ordinal)
        {
            ["RELAY_Limits__ConnectsPerSecond"] = "0",
            ["RELAY_Limits__CreatesPerSecond"] = "0",
        };
        foreach (var (key, value) in settings)
        {
            environment[$"RELAY_{key.Replace(":", "__", StringComparison.Ordinal)}"] = value;
        }

        return ServerProcess.StartAsync("Relay.Server.dll", "/health", environment, port => ["--host", "127.0.0.1", "--port", $"{port}", "--data", folder]);
    }
}
