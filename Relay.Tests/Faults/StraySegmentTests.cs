using FluentAssertions;
using Relay.Contracts;
using Relay.Server.Storage;
using Relay.Server.Storage.Embedded;
using Relay.Tests.Storage;
using Relay.Tests.TestKit;
using Xunit;

namespace Relay.Tests.Faults;

/// <summary>A segment could not be made, and what there was of it could not be removed either. It must never pass for a part of the log.</summary>
public sealed class StraySegmentTests
{
    private const int Segment = 16 * 1024;
    private const int TooMuch = 8000;

    private readonly SimulatedDisk _disk = new();
    private readonly FakeTime _time = new();
    private readonly StorageOptions _options = new() { DataFolder = "/data", SegmentBytes = Segment };
    private readonly List<byte> _written = [];

    [Fact]
    public async Task It_goes_before_the_next_is_made()
    {
        var store = Open();
        var (log, lease) = await WithStray(store);
        await Write(log, lease, 100);
        (await LogSteps.Refused(() => Write(log, lease, TooMuch), RelayErrorCode.StorageFailed)).IsRetryable.Should().BeTrue();
        Segments().Should().HaveCount(2, "neither can be removed, so no third is made");

        _disk.Inject = null;
        await Write(log, lease, TooMuch);
        Segments().Should().HaveCount(2);
        await Write(log, lease, 2 * Segment);
        ReadsWhole(log);

        await using var again = Open(); // The one before is killed.
        ReadsWhole(await again.Session());
    }

    [Fact]
    public async Task A_start_removes_it()
    {
        var store = Open();
        var (log, lease) = await WithStray(store);
        await Write(log, lease, 100);
        _disk.Inject = null;

        var again = Open();
        log = await again.Session();
        Segments().Should().ContainSingle();
        lease = await log.Lease(attempt: 2);
        await Write(log, lease, 2 * Segment);
        ReadsWhole(log);
        await again.DisposeAsync();

        await using var third = Open();
        ReadsWhole(await third.Session());
    }

    /// <summary>A first segment that is almost full, and a second that nothing is written to.</summary>
    private async Task<(ISessionLog Log, WriterLease Lease)> WithStray(EmbeddedLogStore store)
    {
        var log = await store.NewSession();
        var lease = await log.Lease();
        await Write(log, lease, Segment - TooMuch);
        _disk.Inject = call =>
            call.Operation == DiskOperation.Delete || (call.Operation == DiskOperation.Create && call.Path.EndsWith(".idx", StringComparison.Ordinal))
                ? DiskFault.IoError
                : null;

        await LogSteps.Refused(() => Write(log, lease, TooMuch), RelayErrorCode.StorageFailed);
        Segments().Should().HaveCount(2, "there is a stray one");
        return (log, lease);
    }

    private async Task Write(ISessionLog log, WriterLease lease, int count)
    {
        var bytes = LogSteps.Noise(count, seed: _written.Count);
        await log.Write(lease, bytes, offset: _written.Count);
        _written.AddRange(bytes);
    }

    /// <summary>From the beginning, and by cursor from behind every record.</summary>
    private void ReadsWhole(ISessionLog log)
    {
        var cursors = new List<ReadCursor>();
        using (var reader = log.OpenReader(ReadFrom.Start))
        {
            cursors.Add(reader.Cursor);
            var batch = new List<LogEntry>();
            while (reader.Read(batch, maxBytes: 1))
            {
                cursors.Add(reader.Cursor);
                batch.Clear();
            }
        }

        foreach (var cursor in cursors)
        {
            var rest = log.ReadAll(new ReadFrom.After(cursor));
            rest.Gaps.Should().BeEmpty();
            rest.Bytes().AsSpan().SequenceEqual(_written.ToArray().AsSpan((int)cursor.StdoutOffset)).Should().BeTrue($"after {cursor.StdoutOffset}");
        }
    }

    private List<string> Segments() => [.. _disk.Files().Keys.Where(path => path.EndsWith(".log", StringComparison.Ordinal))];

    private EmbeddedLogStore Open() => StoreOnDisk.Open(_options, _time, new LogLines(), _disk.Mount());
}
