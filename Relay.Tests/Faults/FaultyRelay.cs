using Relay.Contracts;
using Relay.Server.Storage;
using Relay.Server.Storage.Embedded;
using Relay.Tests.Storage;
using Relay.Tests.TestKit;

namespace Relay.Tests.Faults;

/// <summary>A store on a disk whose calls fail, started again until it starts, and clients that repeat what was refused until it is not.</summary>
internal sealed class FaultyRelay : IAsyncDisposable
{
    private const int Patience = 200;
    private const int EnoughTries = 4;

    private readonly SimulatedDisk _disk = new();
    private readonly CallFaults _faults;
    private readonly StorageOptions _options;
    private readonly FakeTime _time = new();
    private readonly Dictionary<string, FaultySession> _sessions = new(StringComparer.Ordinal);
    private readonly List<string> _deleted = [];
    private readonly List<string> _maybe = [];
    private SteppedFlusher _flusher = new();
    private EmbeddedLogStore? _store;
    private int _tries;

    public FaultyRelay(CallFaults faults, StorageOptions options)
    {
        (_faults, _options, _disk.Inject) = (faults, options, faults.Decide);
        _disk.Put(Path.Combine(options.DataFolder, "relay.lock"), []); // The folder itself was there before.
    }

    public EmbeddedLogStore Store => _store!;

    public FakeTime Time => _time;

    public SimulatedDisk Disk => _disk;

    public int SyncFailures => _flusher.Failures;

    public SteppedFlusher Flusher => _flusher;

    /// <summary>Starts the relay anew; the one before is killed if it still runs.</summary>
    public void Start()
    {
        _faults.IsStart = true;
        for (var tries = 0; ; tries++)
        {
            _flusher = new SteppedFlusher();
            try
            {
                _store = Open(_disk.Mount(), _flusher);
                _faults.IsStart = false;
                return;
            }
            catch (StoreUnavailableException e) when (_faults.Hits.Count > 0 && tries < Patience)
            {
                if (_disk.InUse.Count > 0)
                {
                    throw new InvalidOperationException($"A start that was refused left open: {string.Join(", ", _disk.InUse)}", e);
                }
            }
        }
    }

    public async Task Stop()
    {
        await NoteTrimmed();
        await Store.DisposeAsync();
        _store = null;
        if (_disk.InUse.Count > 0)
        {
            throw new InvalidOperationException($"Still open after the end: {string.Join(", ", _disk.InUse)}");
        }
    }

    public async Task<FaultySession> Create(string id, int seed)
    {
        await Insist(async () =>
        {
            if (await Store.FindAsync(id, CancellationToken.None) is null)
            {
                await Store.NewSession(id);
            }
        });
        _deleted.Remove(id);
        return _sessions[id] = new FaultySession(id, seed);
    }

    /// <summary>Deletes a session; what hits the deletion itself may bring it back at the next start.</summary>
    public async Task Delete(string id, EndReason reason)
    {
        var hits = _faults.Hits.Count;
        await Store.DeleteAsync(await Store.Session(id), reason, unlessHeld: false, CancellationToken.None);
        _sessions.Remove(id);
        (_faults.Hits.Count == hits && reason == EndReason.Deleted ? _deleted : _maybe).Add(id); // What expired is not forced to the disk.
    }

    public Task<ISessionLog> Log(string id) => Store.Session(id);

    /// <summary>Repeats a step until it is not refused.</summary>
    public async Task Insist(Func<Task> step)
    {
        for (var tries = 0; ; tries++)
        {
            try
            {
                await step();
                return;
            }
            catch (RelayException e) when (e.IsRetryable && tries < Patience)
            {
                ShouldBeTheRightRefusal(e);
            }
        }
    }

    public void ShouldBeTheRightRefusal(RelayException refusal)
    {
        var noSpace = _faults.Fault?.Error == DiskFault.NoSpaceNumber;
        var isRight = _faults.Hits.Count > 0
            && (refusal.Code == RelayErrorCode.StorageFull ? noSpace : refusal.Code == RelayErrorCode.StorageFailed && (!noSpace || _flusher.Failures > 0));
        if (!isRight)
        {
            throw new InvalidOperationException($"Refused with {refusal.Code}: {refusal.Message}", refusal);
        }
    }

    /// <summary>Looks at everything: in this process, and in those that would follow if it were killed or lost power now.</summary>
    /// <param name="always">Look also if the fault was long ago.</param>
    public async Task Check(bool always = false)
    {
        if (_faults.Hits.Count == 0 || (_tries >= EnoughTries && !always))
        {
            return;
        }

        _faults.IsPaused = true;
        if (_store is not null)
        {
            await NoteTrimmed();
            foreach (var session in _sessions.Values)
            {
                session.ShouldBeIn(await Log(session.Id), durableOnly: _flusher.Failures > 0);
            }
        }

        if (_tries < EnoughTries)
        {
            _tries += _faults.IsOver ? 2 : 1;
            await CheckAfter("a kill", _disk.Fork(), hasPower: true);
            if (!_faults.Hits.Exists(call => call.Operation is DiskOperation.Sync) && _flusher.Failures == 0)
            {
                // What a failed sync leaves on the medium is the matter of the power loss tests.
                var lost = _disk.Fork();
                lost.LosePower(new Random(_faults.Calls));
                await CheckAfter("a power loss", lost, hasPower: false);
            }
        }

        _faults.IsPaused = false;
    }

    /// <summary>Nothing but what the sessions need is in the folder; but for a manifest that was not finished, in whose place the next one comes.</summary>
    public void ShouldHaveNothingElse()
    {
        var files = _disk.Files().Keys.Select(path => Path.GetRelativePath(_options.DataFolder, path)).ToList();
        var strays = files.Where(path => path.StartsWith("trash", StringComparison.Ordinal) || path.StartsWith("quarantine", StringComparison.Ordinal)
            || (path.EndsWith(".idx", StringComparison.Ordinal) && !files.Contains(Path.ChangeExtension(path, ".log")))).ToList();
        var folders = files.Where(path => path.StartsWith("sessions", StringComparison.Ordinal)).Select(path => Path.GetDirectoryName(path)).Distinct(StringComparer.Ordinal).Count();
        if (strays.Count > 0 || folders > _sessions.Count + _maybe.Count)
        {
            throw new InvalidOperationException($"Strays: {string.Join(", ", strays)}; {folders} folders for {_sessions.Count} sessions.");
        }
    }

    private async Task NoteTrimmed()
    {
        foreach (var session in _sessions.Values)
        {
            session.NoteTrimmed(await Log(session.Id));
        }
    }

    public ValueTask DisposeAsync() => _flusher.DisposeAsync();

    private async Task CheckAfter(string what, SimulatedDisk disk, bool hasPower)
    {
        try
        {
            var flusher = new SteppedFlusher();
            await using var store = Open(disk.Mount(), flusher);
            foreach (var session in _sessions.Values)
            {
                var log = await store.Session(session.Id);
                if (hasPower)
                {
                    session.ShouldBeIn(log, durableOnly: _flusher.Failures > 0);
                }
                else
                {
                    session.ShouldBeDurableIn(log);
                }
            }

            foreach (var id in _deleted)
            {
                if (await store.FindAsync(id, CancellationToken.None) is not null)
                {
                    throw new InvalidOperationException($"{id} was deleted and is back.");
                }
            }
        }
        catch (Exception e)
        {
            throw new InvalidOperationException($"After {what}: {e.Message}", e);
        }
    }

    private EmbeddedLogStore Open(IFileSystem files, SteppedFlusher flusher) =>
        new(Microsoft.Extensions.Options.Options.Create(_options), _time, new LogLines(), files, flusher);
}
