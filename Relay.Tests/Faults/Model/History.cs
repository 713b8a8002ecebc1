using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Relay.Contracts;
using Relay.Server.Storage;
using Relay.Server.Storage.Embedded;
using Relay.Tests.TestKit;

namespace Relay.Tests.Faults.Model;

/// <summary>What may happen in a history.</summary>
internal sealed record HistoryKind(int Steps, FsyncPolicy? Policy = null, bool OnlyPowerLoss = false);

/// <summary>
/// One random history of writers, readers, crashes, trims and deletions, in one thread: the real session log, leases and cursors over a
/// simulated disk, network and clock, compared after each step with <see cref="ModelLog"/>. The same seed makes the same history.
/// </summary>
internal sealed partial class History : IAsyncDisposable
{
    private const string Id = "nightly";
    private const int MaxProducedAtOnce = 120;
    private const int TraceLength = 100;

    private readonly Random _random;
    private readonly HistoryKind _kind;
    private readonly FakeTime _time = new();
    private readonly SimulatedDisk _disk = new();
    private readonly StorageOptions _options;
    private readonly Queue<string> _trace = new();
    private SteppedFlusher _flusher = new();
    private EmbeddedLogStore _store;
    private int _faultsLeft;

    public History(int seed, HistoryKind kind)
    {
        _random = new Random(seed);
        _kind = kind;
        _options = new StorageOptions
        {
            DataFolder = "/data",
            Fsync = kind.Policy ?? (FsyncPolicy)_random.Next(3),
            SegmentBytes = SegmentHeader.PageSize + _random.Next(200, 3000),
            HotTailBytes = _random.Next(2) == 0 ? 1 : 64 * 1024,
            MaxSessionBytes = kind.OnlyPowerLoss || _random.Next(2) == 0 ? 0 : 3 * SegmentHeader.PageSize,
        };
        _disk.Inject = Fail;
        _store = Open();
    }

    /// <summary>All that can happen.</summary>
    public static IReadOnlyCollection<string> Kinds { get; } =
    [
        "create", "delete", "produce", "deliver", "connect", "hang up", "release", "complete", "flush", "read", "open", "leave", "time", "maintain",
        "faults", "fault", "recover", "restart", "settle",
    ];

    /// <summary>How often each of them has happened.</summary>
    public Dictionary<string, int> Taken { get; } = new(StringComparer.Ordinal);

    private bool ForcesNothing => _options.Fsync == FsyncPolicy.Os;

    public async Task RunAsync()
    {
        try
        {
            await Create();
            for (var i = 0; i < _kind.Steps; i++)
            {
                await Step();
                Compare();
            }

            await Settle();
        }
        catch (Exception e)
        {
            throw new InvalidOperationException(
                $"{e.Message}\nPolicy {_options.Fsync}. The last steps:\n  {string.Join("\n  ", _trace)}\nThe model: {_model}\nThe log: {Describe()}\nThe disk: {DescribeDisk()}", e);
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _store.DisposeAsync();
        await _flusher.DisposeAsync();
    }

    private string DescribeDisk() => string.Concat(_disk.Files().Select(file => $"\n  {file.Key[(file.Key.LastIndexOf('/') + 1)..]} {file.Value.Length}"));

    private async Task Step()
    {
        var dice = _random.Next(1000);
        switch (dice)
        {
            case < 200: Produce(); break;
            case < 420: await Deliver(); break;
            case < 520: await Connect(); break;
            case < 550: HangUp(); break;
            case < 590: await EndConnection(); break;
            case < 660: await Flush(); break;
            case < 830: Read(); break;
            case < 870: Reconnect(); break;
            case < 890: Pass(); break;
            case < 905: await Maintain(); break;
            case < 925: await Complete(); break;
            case < 945: await Restart(Crash.PowerLoss); break;
            case < 960: await Restart(Crash.Kill); break;
            case < 970: await Restart(Crash.None); break;
            case < 985: BeginFaults(); break;
            default: await DeleteOrCreate(); break;
        }
    }

    private void Note(string step, string what)
    {
        Taken[step] = Taken.GetValueOrDefault(step) + 1;
        _trace.Enqueue($"{step} {what}");
        if (_trace.Count > TraceLength)
        {
            _trace.Dequeue();
        }
    }

    private void Pass()
    {
        switch (_random.Next(3))
        {
            case 0:
                _time.JumpWallClock(TimeSpan.FromHours(_random.Next(-30, 30)));
                break;
            case 1:
                _time.Advance(_options.IdleAfter + TimeSpan.FromSeconds(1));
                break;
            default:
                _time.Advance(TimeSpan.FromMilliseconds(_random.Next(2000)));
                break;
        }

        Note("time", $"{_time.GetUtcNow():u}");
    }

    private EmbeddedLogStore Open()
    {
        _flusher = new SteppedFlusher();
        return new EmbeddedLogStore(Options.Create(_options), _time, NullLogger<EmbeddedLogStore>.Instance, _disk.Mount(), _flusher);
    }

    private void BeginFaults()
    {
        if (_kind.OnlyPowerLoss)
        {
            return;
        }

        _faultsLeft = _random.Next(1, 6);
        Note("faults", $"{_faultsLeft}");
    }

    /// <summary>While faults are left, the next calls that change something may be refused.</summary>
    private DiskFault? Fail(DiskCall call)
    {
        var isChange = call.Operation is not (DiskOperation.Open or DiskOperation.Read or DiskOperation.List);
        if (_faultsLeft == 0 || !isChange || _random.Next(2) == 0)
        {
            return null;
        }

        _faultsLeft--;
        var fault = call.Operation is DiskOperation.Write && _random.Next(2) == 0
            ? DiskFault.NoSpace with { Done = _random.Next(call.Bytes / 2) } // Not nearly all: what is missing may be zeros, and then nothing is.
            : DiskFault.IoError;
        _hadFault = true;
        _hadFailedSync |= call.Operation == DiskOperation.Sync;
        Note("fault", $"{call}: {fault}");
        return fault;
    }

    private T Pick<T>(IReadOnlyList<T> from) => from[_random.Next(from.Count)];

    private static void Require(bool condition, string because)
    {
        if (!condition)
        {
            throw new InvalidOperationException(because);
        }
    }
}
