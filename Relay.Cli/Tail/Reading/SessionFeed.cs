using System.Runtime.ExceptionServices;
using System.Threading.Channels;
using Relay.Contracts;

namespace Relay.Cli.Tail.Reading;

/// <summary>
/// One of several sessions that are read at the same time. At most <see cref="ReadAhead"/> batches wait here; then the session's read waits.
/// Everything but the pump belongs to the one who merges.
/// </summary>
internal sealed class SessionFeed
{
    private const int ReadAhead = 4;

    /// <summary>How long others wait for one that has nothing; longer for its first answer, because it has to connect.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromMilliseconds(200);

    private static readonly TimeSpan FirstPatience = TimeSpan.FromSeconds(1);

    private readonly Channel<LogBatch> _batches = Channel.CreateBounded<LogBatch>(ReadAhead);
    private readonly TimeProvider _time;
    private ArraySegment<LogEntry> _entries = ArraySegment<LogEntry>.Empty;
    private string _cursor = "";
    private long _lastTime;
    private long _silentSince;
    private TimeSpan _patience = FirstPatience;

    public SessionFeed(TailedSession session, TimeProvider time)
    {
        Session = session;
        _time = time;
        _silentSince = time.GetTimestamp();
    }

    public TailedSession Session { get; }

    public bool HasEntries => _entries.Count > 0;

    /// <summary>Whether nothing will come any more, and all was taken.</summary>
    public bool IsOver => !HasEntries && _batches.Reader.Completion.IsCompleted;

    /// <summary>What ended it, other than its end.</summary>
    public RelayException? Failure => _batches.Reader.Completion.Exception?.InnerException as RelayException;

    /// <summary>With entries: the time of the first one.</summary>
    public long NextTime => TimeOf(_entries[0]);

    /// <summary>Reads the session to its end.</summary>
    /// <param name="onChange">Called after each batch, and at the end.</param>
    public async Task PumpAsync(IAsyncEnumerable<LogBatch> log, Action onChange, CancellationToken cancellationToken)
    {
        try
        {
            await foreach (var batch in log.WithCancellation(cancellationToken))
            {
                await _batches.Writer.WriteAsync(batch, cancellationToken);
                onChange();
            }

            _batches.Writer.TryComplete();
        }
        catch (Exception e)
        {
            _batches.Writer.TryComplete(e);
        }

        onChange();
    }

    /// <summary>Takes the next batch that has come, if there is none at hand.</summary>
    public void Fill()
    {
        while (!HasEntries && _batches.Reader.TryRead(out var batch))
        {
            _entries = SessionBatch.ToSegment(batch.Entries);
            _cursor = batch.Cursor;
            _patience = Patience;
            _silentSince = _time.GetTimestamp();
        }

        if (!HasEntries && _batches.Reader.Completion.Exception?.InnerException is { } failure and not RelayException)
        {
            ExceptionDispatchInfo.Throw(failure);
        }
    }

    /// <summary>How much longer the others wait for it.</summary>
    public TimeSpan HoldsUpFor() => HasEntries || IsOver ? TimeSpan.Zero : _patience - _time.GetElapsedTime(_silentSince);

    /// <summary>Takes the entries up to a time; at least one.</summary>
    public SessionBatch Take(long upTo)
    {
        var count = 1;
        _lastTime = NextTime;
        while (count < _entries.Count && TimeOf(_entries[count]) <= upTo)
        {
            _lastTime = TimeOf(_entries[count++]);
        }

        var taken = new SessionBatch(Session, _entries[..count], count == _entries.Count ? _cursor : null);
        _entries = _entries[count..];
        _silentSince = _time.GetTimestamp();
        return taken;
    }

    /// <summary>Marks without a time stand where they come.</summary>
    private long TimeOf(in LogEntry entry) => entry.TimeMicros > 0 ? entry.TimeMicros : _lastTime;
}
