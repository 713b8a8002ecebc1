using System.Collections.Concurrent;
using Microsoft.AspNetCore.SignalR;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Relay.Contracts;
using Relay.Server.Sessions;
using Relay.Server.Streaming;
using Relay.Tests.Storage;
using Relay.Tests.TestKit;

namespace Relay.Tests.Sessions;

/// <summary>A registry over a store on disk, with a clock to steer and a hub that only keeps what it is told.</summary>
internal sealed class Registry : IAsyncDisposable
{
    private readonly StoreOnDisk _disk = new();
    private readonly FakeHub _hub = new();

    public Registry(Action<SessionOptions>? configure = null)
    {
        configure?.Invoke(SessionOptions);
        Sessions = Make();
    }

    public SessionOptions SessionOptions { get; } = new() { Ttl = TimeSpan.FromMinutes(10) };

    public TimeSpan Ttl => SessionOptions.Ttl;

    public FakeTime Time => _disk.Time;

    public SessionRegistry Sessions { get; private set; }

    /// <summary>What watchers were told, in order.</summary>
    public IReadOnlyCollection<PresenceEvent> Presence => _hub.Events;

    public PresencePublisher Publisher => new(_hub, Time, NullLogger<PresencePublisher>.Instance);

    public async Task<Session> Create(string id = "nightly") => (await Sessions.CreateAsync(id, null, "test", CancellationToken.None)).Session;

    public async Task<int> Sweep() => await Sessions.SweepAsync(CancellationToken.None);

    public async Task<Session> Get(string id = "nightly") => await Sessions.GetAsync(id, CancellationToken.None);

    /// <summary>A relay that stops, stays away for a while, and starts again.</summary>
    public async Task Restart(TimeSpan away)
    {
        foreach (var session in await Sessions.ListAsync(CancellationToken.None))
        {
            await session.SaveActivityAsync(CancellationToken.None);
        }

        await _disk.StopAsync();
        Time.Advance(away);
        Sessions = Make();
    }

    /// <summary>A relay that is killed and starts again at once.</summary>
    public async Task Kill()
    {
        await _disk.KillAsync();
        Sessions = Make();
    }

    public ValueTask DisposeAsync() => _disk.DisposeAsync();

    private SessionRegistry Make() => new(_disk.Store, Publisher, Options.Create(SessionOptions), Time);

    private sealed class FakeHub : IHubContext<LogHub>, IHubClients, IClientProxy
    {
        private readonly ConcurrentQueue<PresenceEvent> _events = new();

        public IReadOnlyCollection<PresenceEvent> Events => _events;

        public IHubClients Clients => this;

        public IGroupManager Groups => throw new NotSupportedException();

        public IClientProxy All => this;

        public IClientProxy Group(string groupName) => this;

        public IClientProxy AllExcept(IReadOnlyList<string> excludedConnectionIds) => this;

        public IClientProxy Client(string connectionId) => this;

        IClientProxy IHubClients<IClientProxy>.Clients(IReadOnlyList<string> connectionIds) => this;

        public IClientProxy GroupExcept(string groupName, IReadOnlyList<string> excludedConnectionIds) => this;

        IClientProxy IHubClients<IClientProxy>.Groups(IReadOnlyList<string> groupNames) => this;

        public IClientProxy User(string userId) => this;

        public IClientProxy Users(IReadOnlyList<string> userIds) => this;

        public Task SendCoreAsync(string method, object?[] args, CancellationToken cancellationToken = default)
        {
            _events.Enqueue((PresenceEvent)args.Single()!);
            return Task.CompletedTask;
        }
    }
}
