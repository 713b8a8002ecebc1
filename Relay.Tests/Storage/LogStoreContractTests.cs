using Relay.Server.Storage;
using Relay.Tests.TestKit;
using Xunit;

namespace Relay.Tests.Storage;

/// <summary>What every store must do, whatever it is made of. A new store derives from this and says how it is opened, and how it dies.</summary>
public abstract partial class LogStoreContractTests : IAsyncLifetime
{
    private ILogStore? _store;

    /// <summary>How a store ended before it was opened again.</summary>
    public enum Ending
    {
        InGoodOrder,
        Killed,
    }

    internal FakeTime Time { get; } = new();

    internal ILogStore Store => _store ?? throw new InvalidOperationException("The store is not open.");

    public Task InitializeAsync()
    {
        _store = Open();
        return Task.CompletedTask;
    }

    public abstract Task DisposeAsync();

    /// <summary>Opens a store: the first time on nothing, then on what the one before left.</summary>
    internal abstract ILogStore Open();

    /// <summary>Ends the open store; the next one finds exactly what had been written up to here.</summary>
    internal abstract Task EndAsync(Ending ending);

    private async Task ReopenAsync(Ending ending)
    {
        await EndAsync(ending);
        _store = Open();
    }
}
