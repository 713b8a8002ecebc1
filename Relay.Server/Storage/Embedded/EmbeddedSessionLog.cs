using Relay.Contracts;

namespace Relay.Server.Storage.Embedded;

/// <summary>
/// One session's log in a folder of segment files. Appends, leases and rolls happen under one lock, which is never held over an fsync of records.
/// Readers take the lock only to cross from one segment to the next.
/// </summary>
internal sealed partial class EmbeddedSessionLog : ISessionLog
{
    private readonly Lock _gate = new();
    private readonly IFileSystem _files;
    private readonly StorageOptions _options;
    private readonly TimeProvider _time;
    private readonly IFlushQueue _flushQueue;
    private readonly WriterLease?[] _leases = new WriterLease?[OutputTallies.Capacity];
    private readonly long[] _phaseSince = new long[OutputTallies.Capacity];
    private readonly List<Segment> _segments;
    private SessionManifest _manifest;
    private LogState _state;
    private LogTally _durable;
    private SegmentWriter? _writer;
    private Segment? _stray; // Its making failed, and perhaps its removal too.
    private HotTail? _hot;
    private int _gone;
    private volatile int _generation;
    private bool _isMoved;
    private long _lastAppend;
    private int _readers;

    private EmbeddedSessionLog(
        IFileSystem files, string folder, SessionManifest manifest, LogState state, List<Segment> segments, StorageOptions options, TimeProvider time, IFlushQueue flushQueue,
        StoredTotal? total)
    {
        _files = files;
        Folder = folder;
        _manifest = WithoutState(manifest);
        _state = state;
        _segments = segments;
        _durable = state.Tally;
        _options = options;
        _time = time;
        _flushQueue = flushQueue;
        _total = total ?? new StoredTotal();
        CountSegments();
        Array.Fill(_phaseSince, time.GetTimestamp());
    }

    public string Id => _manifest.Id;

    public long Incarnation => _manifest.Incarnation;

    public DateTimeOffset CreatedAt => _manifest.CreatedAt;

    public DateTimeOffset StoredActivityAt => _manifest.LastActivityAt;

    public IReadOnlyDictionary<string, string> Labels => _manifest.Labels;

    public SessionAccess? Access => _manifest.Access;

    public Pulse Changed { get; } = new();

    public Pulse Flushed { get; } = new();

    public EndReason Gone => (EndReason)Volatile.Read(ref _gone);

    /// <summary>Where the files are. Changes once, when the session is deleted.</summary>
    public string Folder { get; private set; }

    /// <summary>Grows when the log was cut back to what is durable; readers must find their place anew.</summary>
    public int Generation => _generation;

    /// <summary>At the start no segment could be read, and one had durable records, as was noted: that is damage, and not retention.</summary>
    public bool HasLostItsSegments { get; private init; }

    /// <summary>A sync has failed, and the log was not cut back to what is durable yet.</summary>
    public bool HasFailed => _fault is not null;

    private int Epoch => _manifest.Epochs[^1].Epoch;

    private bool FsyncIsOff => _options.Fsync == FsyncPolicy.Os;

    public LogSnapshot Snapshot()
    {
        lock (_gate)
        {
            return new LogSnapshot([.. OutputTypes.All.Select(SnapshotOf)], _state.Tally.Sequence, _state.Completion, Gone);
        }
    }

    public ValueTask<WriterLease> AcquireAsync(LeaseRequest request, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        lock (_gate)
        {
            ThrowIfGone();
            if (_isStopped)
            {
                throw Errors.Stopping();
            }

            if (request.Incarnation != 0 && request.Incarnation != Incarnation)
            {
                throw Errors.Replaced(Id);
            }

            RecoverFromFault(); // First: the completion itself may not have survived.
            if (_state.Completion is { } completion)
            {
                // The run that completed may come back for an ack that it lost; nobody else may write.
                return string.Equals(completion.RunId, request.RunId, StringComparison.Ordinal)
                    ? ValueTask.FromResult(NewLease(request, request.Attempt, _state.FencingNumber))
                    : throw Errors.Completed(Id);
            }

            var known = _state.Run(request.RunId)?.LastAttempt ?? 0;
            var attempt = request.Attempt == 0 ? known + 1 : request.Attempt;
            foreach (var output in request.Outputs)
            {
                if (LeaseOf(output) is { } holder && !string.Equals(holder.RunId, request.RunId, StringComparison.Ordinal))
                {
                    throw Errors.Held(Id, output, holder.RunId);
                }
            }

            if (attempt <= known)
            {
                throw Errors.Fenced(Id, request.RunId, attempt, known);
            }

            return ValueTask.FromResult(Grant(request, attempt));
        }
    }

    public ValueTask<long> AppendAsync(WriterLease lease, OutputType output, long? offset, ReadOnlyMemory<byte> data, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        lock (_gate)
        {
            ThrowIfLost(lease, output);
            var skip = Overlap(lease, output, offset, data.Length);
            if (skip < data.Length)
            {
                AppendData(lease, output, data.Span[skip..], RecordHeader.EndsOfPieces(data.Length - skip));
            }

            return ValueTask.FromResult(_state.Tally[output].Length);
        }
    }

    public ValueTask<long> AppendMessagesAsync(
        WriterLease lease, OutputType output, ReadOnlyMemory<byte> messages, ReadOnlyMemory<int> ends, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        lock (_gate)
        {
            ThrowIfLost(lease, output);
            if (!messages.IsEmpty)
            {
                AppendData(lease, output, messages.Span, ends.Span);
            }

            return ValueTask.FromResult(_state.Tally[output].Length);
        }
    }

    public ValueTask<long> AppendGapAsync(WriterLease lease, OutputType output, long offset, long length, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        if (length <= 0 || offset < 0 || length > MaxPosition - offset)
        {
            throw Errors.BadGap(length);
        }

        long end;
        lock (_gate)
        {
            ThrowIfLost(lease, output);
            var skip = Overlap(lease, output, offset, length);
            if (skip < length)
            {
                ThrowIfCompleted();
                WriteNote(RecordKind.Gap, output, new GapNote(length - skip, GapReason.LostByWriter), StorageJson.Default.GapNote, lease.FencingNumber);
            }

            end = _state.Tally[output].Length;
        }

        Changed.Fire();
        return ValueTask.FromResult(end);
    }

    public ValueTask<Completion> CompleteAsync(WriterLease lease, int? exitCode, IReadOnlyList<OutputTotal> totals, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        Completion completion;
        lock (_gate)
        {
            ThrowIfLost(lease, lease.Outputs[0]);
            if (_state.Completion is null)
            {
                var verdicts = totals.ToDictionary(total => total.Output, total => _state.Judge(lease.RunId, total, lease.IsMasked));
                var reported = totals.ToDictionary(
                    total => total.Output,
                    total => new ReportedTotal(
                        total.Bytes,
                        lease.IsMasked && verdicts[total.Output] == Verdict.Unchecked ? null : total.Crc32C, // Not of what is stored.
                        _state.OwnOffset(lease.RunId, total.Output)));
                var note = new CompletionNote(lease.RunId, exitCode, verdicts, reported);
                WriteNote(RecordKind.Complete, OutputType.None, note, StorageJson.Default.CompletionNote, lease.FencingNumber);
                foreach (var output in OutputTypes.All)
                {
                    _phaseSince[(int)output - 1] = _time.GetTimestamp();
                    if (LeaseOf(output) is { } other && other != lease)
                    {
                        other.Revoke(Errors.Completed(Id));
                    }
                }
            }

            completion = _state.Completion!;
        }

        Changed.Fire();
        return ValueTask.FromResult(completion);
    }

    public ValueTask ReleaseAsync(WriterLease lease, bool inGoodOrder)
    {
        lock (_gate)
        {
            foreach (var output in lease.Outputs)
            {
                if (LeaseOf(output) != lease)
                {
                    continue;
                }

                _leases[(int)output - 1] = null;
                _phaseSince[(int)output - 1] = _time.GetTimestamp();
                if (inGoodOrder && Gone == EndReason.None && _state.Phase(output) == OutputPhase.Open)
                {
                    TryWriteRelease(output, lease.FencingNumber);
                }

                _state.MarkLost(output);
            }
        }

        Changed.Fire();
        return ValueTask.CompletedTask;
    }

    public async Task FlushAsync(CancellationToken cancellationToken)
    {
        long target;
        int generation;
        lock (_gate)
        {
            (target, generation) = (_state.Tally.Sequence, _generation);
        }

        while (true)
        {
            var seen = Flushed.Version;
            lock (_gate)
            {
                if (_generation != generation)
                {
                    throw Errors.StorageFailed(null); // Cut back meanwhile: what was to become durable is gone, and others may have its place.
                }

                if (_durable.Sequence >= target || FsyncIsOff)
                {
                    return;
                }

                ThrowIfGone();
                if (_fault is not null)
                {
                    throw Errors.StorageFailed(_fault);
                }
            }

            _flushQueue.Request(this, urgent: true);
            await Flushed.WaitAsync(seen).WaitAsync(cancellationToken);
        }
    }

    public ILogReader OpenReader(ReadFrom from)
    {
        lock (_gate)
        {
            ThrowIfGone();
            _readers++;
        }

        try
        {
            return new EmbeddedLogReader(this, from);
        }
        catch
        {
            ReaderLeft();
            throw;
        }
    }

    public ValueTask SaveActivityAsync(DateTimeOffset at, CancellationToken cancellationToken)
    {
        lock (_gate)
        {
            if (Gone == EndReason.None && at > _manifest.LastActivityAt)
            {
                try
                {
                    // Not forced to the disk: after a power loss an older time only lengthens the session's life.
                    SaveManifest(_manifest with { LastActivityAt = at, State = _manifest.IsClean ? _state.ToNote() : _manifest.State }, durable: false);
                }
                catch (IOException)
                {
                    // A full disk must not keep the sweep from ending other sessions. The next activity tries again.
                }
            }
        }

        return ValueTask.CompletedTask;
    }

    private OutputSnapshot SnapshotOf(OutputType output)
    {
        var tally = _state.Tally[output];
        var first = FirstKept(output);
        return new OutputSnapshot(
            output,
            _state.Phase(output),
            first.Length,
            first.Lines,
            tally.Length,
            FsyncIsOff ? tally.Length : _durable[output].Length,
            tally.Lines,
            tally.Crc,
            LeaseOf(output)?.RunId,
            _phaseSince[(int)output - 1],
            _state.Completion?.Verdicts.GetValueOrDefault(output) ?? Verdict.Unchecked);
    }

    /// <summary>What retention has taken of an output.</summary>
    private OutputTally FirstKept(OutputType output)
    {
        foreach (var segment in _segments)
        {
            if (segment.FirstSequence == 1)
            {
                return default;
            }

            try
            {
                if (segment.TryReadHeader())
                {
                    return segment.Header.Base[output];
                }
            }
            catch (RelayException)
            {
                // Too many open files: what can be read in this moment begins later.
            }
        }

        return _segments.Count == 0 && !HasLostItsSegments ? _state.Tally[output] : default;
    }

    private WriterLease? LeaseOf(OutputType output) => _leases[(int)output - 1];
}
