using System.Diagnostics.CodeAnalysis;
using Relay.Server.Storage;

namespace Relay.Tests.Storage;

/// <summary>The contract, kept by the embedded store with segments so small that a long test crosses many.</summary>
[SuppressMessage("Design", "CA1001", Justification = "The test runner calls DisposeAsync.")]
public sealed class EmbeddedLogStoreContractTests : LogStoreContractTests
{
    private readonly StoreOnDisk _disk;

    public EmbeddedLogStoreContractTests() => _disk = new StoreOnDisk(options => options.SegmentBytes = 64 * 1024) { Time = Time };

    public override async Task DisposeAsync() => await _disk.DisposeAsync();

    internal override ILogStore Open() => _disk.Store;

    internal override Task EndAsync(Ending ending) => ending == Ending.Killed ? _disk.KillAsync() : _disk.StopAsync();
}
