using System.Security.Cryptography;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Relay.Contracts;

namespace Relay.Server.Storage.Embedded;

// Writing records: all of it under the log's lock.
internal sealed partial class EmbeddedSessionLog
{
    /// <summary>Positions stay exact in JavaScript.</summary>
    private const long MaxPosition = 1L << 53;

    private Exception? _fault;
    private long _unflushedBytes;

    private WriterLease Grant(LeaseRequest request, int attempt)
    {
        var fencing = _state.FencingNumber + 1;
        WriteGrants(request, attempt, fencing);
        var lease = NewLease(request, attempt, fencing);
        foreach (var output in OutputTypes.All)
        {
            if (LeaseOf(output) is { } holder && IsReplaced(holder, request))
            {
                holder.Revoke(Errors.Fenced(Id, holder.RunId, holder.Attempt, attempt));
                _leases[(int)output - 1] = null;
                if (!request.Outputs.Contains(output))
                {
                    _state.MarkLost(output);
                }
            }

            if (request.Outputs.Contains(output))
            {
                _leases[(int)output - 1] = lease;
                _phaseSince[(int)output - 1] = _time.GetTimestamp();
            }
        }

        Changed.Fire();
        return lease;
    }

    /// <summary>
    /// A run's numbered attempt replaces the one before as a whole, also where it asks for fewer outputs. A run that leaves the numbering to the
    /// log has a request for each output, side by side: one of them replaces only what holds an output that it asks for.
    /// </summary>
    private static bool IsReplaced(WriterLease holder, LeaseRequest request) =>
        string.Equals(holder.RunId, request.RunId, StringComparison.Ordinal) && (request.Attempt != 0 || holder.Outputs.Intersect(request.Outputs).Any());

    private void WriteGrants(LeaseRequest request, int attempt, long fencing)
    {
        try
        {
            foreach (var output in request.Outputs)
            {
                WriteNote(RecordKind.Grant, output, new GrantNote(request.RunId, attempt, request.Anonymous), StorageJson.Default.GrantNote, fencing);
            }
        }
        catch (RelayException)
        {
            // The disk was full before the last of them: an output that is noted as open has nobody to write it.
            foreach (var output in request.Outputs.Where(output => LeaseOf(output) is null))
            {
                _state.MarkLost(output);
            }

            throw;
        }
    }

    private WriterLease NewLease(LeaseRequest request, int attempt, long fencing) => new(
        request, attempt, fencing, Incarnation,
        [.. request.Outputs.Select(output => _state.Progress(request.RunId, output, FsyncIsOff ? long.MaxValue : _durable[output].Length))]);

    /// <summary>How many of the bytes the output has already.</summary>
    private int Overlap(WriterLease lease, OutputType output, long? offset, int count) => (int)Overlap(lease, output, offset, (long)count);

    private long Overlap(WriterLease lease, OutputType output, long? offset, long count)
    {
        var length = _state.Tally[output].Length;
        if (offset is not { } at || at == length)
        {
            return 0;
        }

        var runBase = _state.Progress(lease.RunId, output, 0).Base;
        return at > length ? throw Errors.BeyondEnd(output, at, length)
            : at < runBase ? throw Errors.BeforeRun(output, at, runBase, length)
            : Math.Min(count, length - at);
    }

    private void WriteNote<T>(RecordKind kind, OutputType output, T note, JsonTypeInfo<T> type, long fencing) =>
        WriteRecord(kind, output, JsonSerializer.SerializeToUtf8Bytes(note, type), fencing);

    /// <summary>Appends one record to file, hot tail and state: to all of them or to none.</summary>
    private void WriteRecord(RecordKind kind, OutputType output, ReadOnlySpan<byte> payload, long fencing)
    {
        if (_fault is not null)
        {
            throw Errors.StorageFailed(_fault);
        }

        try
        {
            var writer = WriterFor(RecordHeader.Size + payload.Length);
            var segment = writer.Segment;
            var before = _state.Tally;
            var tally = output == OutputType.None ? default : before[output];
            var isData = kind == RecordKind.Data;
            var payloadCrc = Crc32C.Append(0, payload);
            var header = new RecordHeader(
                kind, output, payload.Length, payloadCrc, before.Sequence + 1, tally.Length, fencing, NowMicros(),
                isData ? RecordHeader.Continue(tally.Crc, payload, payloadCrc) : tally.Crc, isData ? payload.Count((byte)'\n') : 0);

            var position = segment.Length;
            _hot ??= new HotTail(_options.HotTailBytes);
            var record = _hot.Reserve(segment, position, header.RecordLength).Span;
            payload.CopyTo(record[RecordHeader.Size..]);
            header.Write(record, segment.Header.Salt);
            writer.Append(record, Math.Max(_state.LatestMicros, header.TimeMicros), before);

            _state.Apply(header, payload);
            _hot.Commit(record.Length);
            segment.Publish(position + record.Length);
            CountStored(record.Length);
            _lastAppend = _time.GetTimestamp();
            NoteUnflushed(record.Length);
        }
        catch (IOException e)
        {
            throw Errors.Storage(e);
        }
    }

    private void NoteUnflushed(int bytes)
    {
        var before = _unflushedBytes;
        _unflushedBytes += bytes;
        if (FsyncIsOff)
        {
            return; // Only a segment that is full, a session at rest and the relay's end force anything.
        }

        if (before == 0 || (_unflushedBytes >= _options.FsyncBytes && before < _options.FsyncBytes))
        {
            _flushQueue.Request(this, urgent: _options.Fsync == FsyncPolicy.Group || _unflushedBytes >= _options.FsyncBytes);
        }
    }

    private void TryWriteRelease(OutputType output, long fencing)
    {
        try
        {
            WriteRecord(RecordKind.Release, output, [], fencing);
        }
        catch (RelayException)
        {
            // A full disk must not keep a writer from leaving; the output then counts as lost instead of closed.
        }
    }

    /// <summary>The open files of a segment that has room for a record.</summary>
    private SegmentWriter WriterFor(int recordLength)
    {
        if (_writer is null)
        {
            var last = _segments.LastOrDefault();
            _durablePoint = new DurablePoint(last, last?.Length ?? 0, _state.ToNote());
            MarkUnclean(_durablePoint);
            _writer = last is null || last.IsSealed ? CreateSegment() : SegmentWriter.Open(last);
        }

        if (_writer.Segment.Length + recordLength > _options.SegmentBytes && _writer.Segment.Length > SegmentHeader.PageSize)
        {
            Roll();
        }

        return _writer;
    }

    private void Roll()
    {
        var full = _writer!;
        _writer = CreateSegment();
        full.Segment.Seal();
        _sealedUnflushed.Add(full);
        TrimTo(_options.MaxSessionBytes);
        _flushQueue.Request(this, urgent: true);
    }

    private SegmentWriter CreateSegment()
    {
        _stray?.Delete(); // Before another begins behind it: from then on it would pass for a part of the log.
        var key = BitConverter.ToUInt64(RandomNumberGenerator.GetBytes(sizeof(ulong)));
        var segment = new Segment(_files, Folder, new SegmentHeader(Incarnation, key, _state.Tally.Sequence + 1, _state.Tally));
        _stray = segment;
        SegmentWriter? writer = null;
        try
        {
            writer = SegmentWriter.Create(segment);
            // Not the start of this segment: what was written before it may still be on its way to the disk, and recovery must look at that too.
            SaveManifest(UncleanFrom(_durablePoint!), durable: true);
        }
        catch
        {
            writer?.Dispose();
            segment.TryDelete();
            throw;
        }

        _stray = null;
        _segments.Add(segment);
        CountStored(segment.Length);
        return writer;
    }

    /// <summary>Before the first append after a start: from now on the state on disk is behind, and cursors belong to this epoch.</summary>
    private void MarkUnclean(DurablePoint point)
    {
        if (_manifest.IsClean || _manifestIsBehind)
        {
            SaveManifest(UncleanFrom(point), durable: true);
        }
    }

    private SessionManifest UncleanFrom(DurablePoint point) => _manifest with
    {
        IsClean = false,
        State = point.State,
        StateSegment = point.Segment?.FirstSequence ?? 0,
        StatePosition = point.Position,
    };

    private void SaveManifest(SessionManifest manifest, bool durable)
    {
        // Of what was found at the start nobody knows whether it is; and an epoch must be, before anything is written in it: a later one would have its number.
        durable |= !_hasDurableManifest;
        manifest.Save(_files, Folder, durable, keepPrevious: !_manifestIsDurable);
        _manifestIsDurable = durable;
        _isTrimForced |= durable;
        _hasDurableManifest = true;
        _manifest = WithoutState(manifest);
        _manifestIsBehind = false;
    }

    /// <summary>While clean, the state that was noted is the log's own: an idle session need not hold it twice.</summary>
    private static SessionManifest WithoutState(SessionManifest manifest) => manifest.IsClean ? manifest with { State = StateNote.Empty, Labels = manifest.Labels.Count > 0 ? manifest.Labels : SessionManifest.NoLabels } : manifest;

    private void ThrowIfGone()
    {
        if (Gone != EndReason.None)
        {
            throw Errors.Gone(Id, Gone, _time.GetUtcNow());
        }
    }

    private void ThrowIfLost(WriterLease lease, OutputType output)
    {
        ThrowIfGone();
        if (lease.LossReason is { } reason)
        {
            throw reason;
        }

        if (!lease.Outputs.Contains(output))
        {
            throw Errors.NotLeased(output);
        }

        // After completion the run's returning attempt holds no lease; it may only repeat what is stored.
        if (_state.Completion is null && LeaseOf(output) != lease)
        {
            throw Errors.GivenBack(Id);
        }
    }

    private void ThrowIfCompleted()
    {
        if (_state.Completion is not null)
        {
            throw Errors.Completed(Id);
        }
    }

    private long NowMicros() => (_time.GetUtcNow() - DateTimeOffset.UnixEpoch).Ticks / TimeSpan.TicksPerMicrosecond;
}
