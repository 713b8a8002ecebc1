using Microsoft.Extensions.Options;
using Relay.Server.Storage;
using Relay.Server.Storage.Embedded;
using Relay.Tests.Storage;

namespace Relay.Tests.Faults;

/// <summary>The contract of stores, kept on the simulated disk: what it simulates is enough for a store to live on.</summary>
public sealed class SimulatedLogStoreTests : LogStoreContractTests
{
    private readonly SimulatedDisk _disk = new();
    private EmbeddedLogStore? _store;

    public override async Task DisposeAsync() => await EndAsync(Ending.InGoodOrder);

    internal override ILogStore Open() =>
        _store = StoreOnDisk.Open(new StorageOptions { DataFolder = "/data", SegmentBytes = 64 * 1024 }, Time, new LogLines(), _disk.Mount());

    internal override async Task EndAsync(Ending ending)
    {
        if (ending == Ending.Killed)
        {
            _disk.Mount(); // From here on the store's calls fail.
        }

        await _store!.DisposeAsync();
    }
}
