using System.Threading.Channels;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Relay.Server.Storage.Embedded;

/// <summary>What syncs the logs of a store, and when. Disposing of it ends the syncs; the store makes the last ones itself.</summary>
internal interface IFlusher : IFlushQueue, IAsyncDisposable
{
    /// <summary>Why the last sync failed, until one succeeds again.</summary>
    string? Failure { get; }
}

/// <summary>Forces written bytes to the disk, session by session, at intervals or at once. One loop; a few fsyncs at a time.</summary>
internal sealed partial class Flusher : IFlusher
{
    /// <summary>How many sessions are synced at a time.</summary>
    public const int ParallelSyncs = 4;

    private readonly StorageOptions _options;
    private readonly TimeProvider _time;
    private readonly ILogger<Flusher> _logger;
    private readonly Lock _lock = new();
    private readonly HashSet<EmbeddedSessionLog> _due = [];
    private readonly Channel<bool> _wake = Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });
    private readonly CancellationTokenSource _stop = new();
    private readonly Task _loop;
    private volatile string? _failure;
    private volatile bool _isUrgent;
    private bool _isDisposed;

    public Flusher(IOptions<StorageOptions> options, TimeProvider time, ILogger<Flusher> logger)
    {
        (_options, _time, _logger) = (options.Value, time, logger);
        _loop = Task.Run(RunAsync);
    }

    public string? Failure => _failure;

    public void Request(EmbeddedSessionLog log, bool urgent)
    {
        bool isFirst;
        lock (_lock)
        {
            isFirst = _due.Add(log) && _due.Count == 1;
        }

        if (urgent)
        {
            _isUrgent = true;
        }

        if (urgent || isFirst)
        {
            _wake.Writer.TryWrite(true);
        }
    }

    public void Failed(EmbeddedSessionLog log, Exception failure)
    {
        _failure = "a sync failed; the log has the cause"; // Strangers may ask for health.
        LogSyncFailed(failure, log.Folder);
    }

    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _isDisposed, true))
        {
            return;
        }

        await _stop.CancelAsync();
        await _loop;
        _stop.Dispose();
    }

    private async Task RunAsync()
    {
        try
        {
            while (await _wake.Reader.WaitToReadAsync(_stop.Token))
            {
                await WaitForIntervalAsync();
                await FlushDueAsync();
            }
        }
        catch (OperationCanceledException)
        {
            // Stopping: the store flushes every session itself.
        }
        catch (Exception e)
        {
            _failure = "the flusher died; the log has the cause";
            LogFlusherDied(e);
        }
    }

    /// <summary>Lets an interval pass, cut short by an urgent request.</summary>
    private async Task WaitForIntervalAsync()
    {
        using var timeUp = new CancellationTokenSource(_options.FsyncInterval, _time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(timeUp.Token, _stop.Token);
        try
        {
            do
            {
                await _wake.Reader.ReadAsync(either.Token);
            }
            while (!_isUrgent);
        }
        catch (OperationCanceledException) when (!_stop.IsCancellationRequested)
        {
        }
    }

    private async Task FlushDueAsync()
    {
        EmbeddedSessionLog[] due;
        _isUrgent = false;
        lock (_lock)
        {
            due = [.. _due];
            _due.Clear();
        }

        await Parallel.ForEachAsync(due, new ParallelOptions { MaxDegreeOfParallelism = ParallelSyncs }, (log, _) =>
        {
            if (log.Flush())
            {
                _failure = null;
            }

            return ValueTask.CompletedTask;
        });
    }

    [LoggerMessage(LogLevel.Error, "fsync failed in {Folder}; the session goes on from what is durable, in a new segment")]
    private partial void LogSyncFailed(Exception failure, string folder);

    [LoggerMessage(LogLevel.Critical, "The flusher died; nothing becomes durable any more")]
    private partial void LogFlusherDied(Exception failure);
}
