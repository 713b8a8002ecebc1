using Relay.Benchmarks.Load;

namespace Relay.Benchmarks.Contenders;

/// <summary>What bytes travel in, between a client and a server.</summary>
internal enum Wire
{
    /// <summary>What the server likes best: the client library, binary messages, hub calls.</summary>
    Native,

    /// <summary>A WebSocket text message for each piece, one per write to the socket.</summary>
    Text,

    /// <summary>A WebSocket text message for each piece, many per write to the socket.</summary>
    PackedText,
}

/// <summary>Something that carries a log from a writer to readers, as a server in a process of its own.</summary>
internal abstract class Contender(string name, ServerProcess server) : IAsyncDisposable
{
    public string Name => name;

    public ServerProcess Server => server;

    public virtual Task CreateSessionAsync(string session) => Task.CompletedTask;

    public virtual Task DeleteSessionAsync(string session) => Task.CompletedTask;

    public abstract Task<ISender> OpenSenderAsync(string session, Wire wire);

    public abstract Task<IReceiver> OpenReceiverAsync(string session, Wire wire, Receipt receipt);

    public virtual ValueTask DisposeAsync() => server.DisposeAsync();

    protected Uri WebSocket(string path) => new UriBuilder(new Uri(server.Url, path)) { Scheme = "ws" }.Uri;
}
