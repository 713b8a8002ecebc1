using System.Collections.Concurrent;
using System.Diagnostics.CodeAnalysis;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Relay.Contracts;

namespace Relay.Server.Storage.Embedded;

/// <summary>The default store: a folder of this machine, used by one relay.</summary>
internal sealed partial class EmbeddedLogStore : ILogStore
{
    private readonly IFileSystem _files;
    private readonly DataFolder _folder;
    private readonly StorageOptions _options;
    private readonly TimeProvider _time;
    private readonly ILogger<EmbeddedLogStore> _logger;
    private readonly ConcurrentDictionary<string, EmbeddedSessionLog> _logs = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, AgingTombstone> _tombstones = new(StringComparer.Ordinal);
    private readonly StoredTotal _total = new();
    private readonly TokenIndex _tokens = new();
    private readonly Lock _names = new();
    private readonly IFlusher _flusher;
    private bool _isDisposed;

    /// <param name="options">Options.</param>
    /// <param name="time">The clock.</param>
    /// <param name="logger">Receives what recovery finds.</param>
    /// <param name="files">Where the data folder is.</param>
    /// <param name="flusher">Forces the logs to the disk. The store's own from here on.</param>
    /// <exception cref="StoreUnavailableException">The folder cannot be used.</exception>
    public EmbeddedLogStore(IOptions<StorageOptions> options, TimeProvider time, ILogger<EmbeddedLogStore> logger, IFileSystem files, IFlusher flusher)
    {
        (_options, _time, _logger, _files, _flusher) = (options.Value, time, logger, files, flusher);
        _folder = DataFolder.Open(files, _options.DataFolder);
        try
        {
            LoadAll();
        }
        catch (Exception e)
        {
            _folder.Dispose();
            if (e is IOException or InvalidDataException or RelayException)
            {
                throw new StoreUnavailableException($"The data folder {_folder.Root} cannot be read: {e.Message}", e);
            }

            throw;
        }
    }

    /// <summary>Bytes on disk of all sessions.</summary>
    public long StoredBytes => _total.Bytes;

    public StoreHealth Health => _flusher.Failure is { } failure ? new StoreHealth(false, failure) : new StoreHealth(true, "ok");

    public ValueTask<ISessionLog> CreateAsync(string id, IReadOnlyDictionary<string, string> labels, SessionAccess? access, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        lock (_names)
        {
            if (_logs.ContainsKey(id))
            {
                throw Errors.SessionExists(id);
            }

            var folder = _folder.SessionFolder(id);
            try
            {
                if (_files.FolderExists(folder))
                {
                    _files.DeleteFolder(folder); // Left by a deletion or a creation that failed.
                }

                _files.CreateFolder(folder);
                var log = EmbeddedSessionLog.Create(_files, folder, id, labels, access, _options, _time, _flusher, _total);
                _files.SyncFolder(_folder.Sessions);

                if (_tombstones.ContainsKey(id))
                {
                    _folder.RemoveTombstone(id);
                }

                _tokens.Add(id, log.Incarnation, access);
                _logs[id] = log;
                _tokens.Remove(_tombstones.GetValueOrDefault(id)?.Tombstone.Access);
                _tombstones.TryRemove(id, out _); // Last: whoever asks meanwhile finds one or the other, and a creation that is refused changes nothing.
                return ValueTask.FromResult<ISessionLog>(log);
            }
            catch (IOException e)
            {
                TryDelete(folder);
                throw Errors.Storage(e);
            }
        }
    }

    public ValueTask<ISessionLog?> FindAsync(string id, CancellationToken cancellationToken) =>
        ValueTask.FromResult<ISessionLog?>(_logs.GetValueOrDefault(id));

    public ValueTask<IReadOnlyList<ISessionLog>> ListAsync(CancellationToken cancellationToken) =>
        ValueTask.FromResult<IReadOnlyList<ISessionLog>>([.. _logs.Values]);

    public ValueTask<int> CountAsync(CancellationToken cancellationToken) => ValueTask.FromResult(_logs.Count);

    public ValueTask<int> CountAsync(string owner, CancellationToken cancellationToken) =>
        ValueTask.FromResult(_logs.Values.Count(log => log.Access?.Owner == owner));

    public ValueTask<TokenOwner?> FindTokenAsync(TokenHash hash, CancellationToken cancellationToken) => ValueTask.FromResult(_tokens.Find(hash));

    public ValueTask<Tombstone?> FindTombstoneAsync(string id, CancellationToken cancellationToken) =>
        ValueTask.FromResult(_tombstones.GetValueOrDefault(id)?.Tombstone);

    public ValueTask<bool> DeleteAsync(ISessionLog log, EndReason reason, bool unlessHeld, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        var embedded = (EmbeddedSessionLog)log;
        var trash = Path.Combine(_folder.Trash, $"{Path.GetFileName(embedded.Folder)}-{log.Incarnation}");
        lock (_names)
        {
            if (!embedded.TryEnd(reason, unlessHeld))
            {
                return ValueTask.FromResult(false);
            }

            var tombstone = new AgingTombstone(new Tombstone(log.Id, reason, _time.GetUtcNow(), log.Access), log.Incarnation, _time);
            _tombstones[log.Id] = tombstone;
            _logs.TryRemove(log.Id, out _);
            TrySaveTombstone(tombstone); // First: should the process end in between, the next start goes on with the deletion.
            if (!TryMoveAway(embedded.Folder, trash, MustBeForced(reason)))
            {
                return ValueTask.FromResult(true);
            }
        }

        embedded.MovedTo(trash); // Removing many files takes its time: not under the lock that every creation needs.
        return ValueTask.FromResult(true);
    }

    public ValueTask MaintainAsync(TimeSpan tombstoneLife, CancellationToken cancellationToken)
    {
        foreach (var log in _logs.Values)
        {
            cancellationToken.ThrowIfCancellationRequested();
            log.ReleaseIfIdle();
            log.TrimTo(_options.MaxSessionBytes);
        }

        TrimTotal();
        foreach (var (id, tombstone) in _tombstones)
        {
            lock (_names)
            {
                Maintain(id, tombstone, tombstoneLife);
            }
        }

        return ValueTask.CompletedTask;
    }

    private void Maintain(string id, AgingTombstone tombstone, TimeSpan life)
    {
        if (_tombstones.GetValueOrDefault(id) != tombstone)
        {
            return; // The session was created anew.
        }

        if (tombstone.Age > life)
        {
            TryForget(id);
        }
        else if (tombstone.CorrectedForWallClock() is { } corrected)
        {
            _tombstones[id] = corrected;
            TrySaveTombstone(corrected);
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (_isDisposed)
        {
            return;
        }

        _isDisposed = true;
        await _flusher.DisposeAsync();
        await Parallel.ForEachAsync(_logs.Values, new ParallelOptions { MaxDegreeOfParallelism = Flusher.ParallelSyncs }, (log, _) =>
        {
            log.Shutdown();
            return ValueTask.CompletedTask;
        });
        _folder.Dispose();
    }

    /// <summary>The session is gone for everyone; a folder that stayed in its place would come back with the next start.</summary>
    private bool TryMoveAway(string folder, string trash, bool durable)
    {
        try
        {
            _files.MoveFolder(folder, trash);
        }
        catch (IOException e)
        {
            LogDeleteFailed(e, folder);
            TryDelete(folder);
            return false;
        }

        try
        {
            if (durable)
            {
                _files.SyncFolder(_folder.Trash);
                _files.SyncFolder(_folder.Sessions);
            }
        }
        catch (IOException e)
        {
            LogDeleteNotForced(e, folder);
        }

        return true;
    }

    /// <summary>What expired need not be: should it come back after a power loss, it expires again.</summary>
    private static bool MustBeForced(EndReason reason) => reason != EndReason.Expired;

    private void TrySaveTombstone(AgingTombstone tombstone)
    {
        try
        {
            _folder.SaveTombstone(tombstone.Tombstone, tombstone.Incarnation, MustBeForced(tombstone.Tombstone.Reason));
        }
        catch (IOException)
        {
            // On a full disk the bytes that the session gives back matter more than what is remembered of it over a restart.
        }
    }

    private void TryForget(string id)
    {
        try
        {
            _folder.RemoveTombstone(id);
            if (_tombstones.TryRemove(id, out var forgotten))
            {
                _tokens.Remove(forgotten.Tombstone.Access);
            }
        }
        catch (IOException)
        {
            // Remembered a little longer: the next upkeep tries again.
        }
    }

    private void TrimTotal()
    {
        if (_options.MaxTotalBytes <= 0 || _total.Bytes <= _options.MaxTotalBytes)
        {
            return;
        }

        var bySize = _logs.Values.Select(log => (Log: log, Bytes: log.StoredBytes)).OrderByDescending(entry => entry.Bytes).ToList();
        var excess = bySize.Sum(entry => entry.Bytes) - _options.MaxTotalBytes;
        foreach (var (log, bytes) in bySize)
        {
            if (excess <= 0)
            {
                return;
            }

            excess -= log.TrimTo(Math.Max(bytes - excess, 1));
        }
    }

    private void LoadAll()
    {
        var report = new RecoveryLog();
        foreach (var folder in _files.Folders(_folder.Sessions))
        {
            if (TryLoad(folder, report, out var log))
            {
                _logs[log.Id] = log;
                _tokens.Add(log.Id, log.Incarnation, log.Access);
            }
        }

        foreach (var (tombstone, incarnation) in _folder.LoadTombstones())
        {
            Bury(tombstone, incarnation);
        }

        foreach (var finding in report.Findings)
        {
            LogFinding(finding);
        }

        LogOpened(_folder.Root, _logs.Count, report.Scanned);
    }

    /// <summary>Where a session is there that should be gone, its deletion was interrupted; where another incarnation is, the creation of that one was.</summary>
    private void Bury(Tombstone tombstone, long incarnation)
    {
        if (_logs.TryGetValue(tombstone.Id, out var log))
        {
            if (log.Incarnation != incarnation)
            {
                _folder.RemoveTombstone(tombstone.Id);
                return;
            }

            _logs.TryRemove(tombstone.Id, out _);
            _total.Add(-log.StoredBytes);
            TryDelete(log.Folder);
        }
        else
        {
            _tokens.Add(tombstone.Id, incarnation, tombstone.Access);
        }

        _tombstones[tombstone.Id] = new AgingTombstone(tombstone, incarnation, _time);
    }

    private bool TryLoad(string folder, RecoveryLog report, [NotNullWhen(true)] out EmbeddedSessionLog? log)
    {
        log = EmbeddedSessionLog.Load(_files, folder, _folder.Quarantine, _options, _time, _flusher, report, _total);
        if (log is not null)
        {
            return true;
        }

        if (!SessionManifest.Exists(_files, folder) && !Segment.Paths(_files, folder).Any())
        {
            TryDelete(folder); // Creation was interrupted before the session existed for anyone.
            return false;
        }

        _files.CreateFolder(_folder.Quarantine);
        var target = Path.Combine(_folder.Quarantine, $"{Path.GetFileName(folder)}-{_time.GetUtcNow().ToUnixTimeMilliseconds()}");
        _files.MoveFolder(folder, target);
        LogManifestLost(folder, target);
        return false;
    }

    private void TryDelete(string folder)
    {
        try
        {
            _files.DeleteFolder(folder);
        }
        catch (IOException)
        {
            // Left for the next start.
        }
    }

    [LoggerMessage(LogLevel.Information, "Store {Folder} opened: {Sessions} sessions, {Scanned} of them scanned after an unclean stop")]
    private partial void LogOpened(string folder, int sessions, int scanned);

    [LoggerMessage(LogLevel.Warning, "Recovery: {Finding}")]
    private partial void LogFinding(string finding);

    [LoggerMessage(LogLevel.Error, "Session folder {Folder} has no readable manifest; moved to {Target}")]
    private partial void LogManifestLost(string folder, string target);

    [LoggerMessage(LogLevel.Error, "Session folder {Folder} could not be moved to the trash")]
    private partial void LogDeleteFailed(Exception failure, string folder);

    [LoggerMessage(LogLevel.Warning, "The deletion of session folder {Folder} could not be forced to the disk: after a power loss it may be back")]
    private partial void LogDeleteNotForced(Exception failure, string folder);
}
