using System.Buffers;
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

    /// <summary>Appends data, record by record as it is cut.</summary>
    private void AppendData(WriterLease lease, OutputType output, ReadOnlySpan<byte> data, ReadOnlySpan<int> ends)
    {
        ThrowIfCompleted();
        ReserveRoom(ends);
        try
        {
            for (var written = 0; written < ends.Length;)
            {
                written += WriteRecords(RecordKind.Data, output, data, ends[written..], written == 0 ? 0 : ends[written - 1], lease.FencingNumber);
            }
        }
        finally
        {
            GiveBackRoom();
            Changed.Fire(); // Whatever happened: the disk may be full before the last of them.
        }
    }

    private void WriteRecord(RecordKind kind, OutputType output, ReadOnlySpan<byte> payload, long fencing) =>
        WriteRecords(kind, output, payload, [payload.Length], 0, fencing);

    /// <summary>
    /// Appends as many records as one block of the hot tail and one write to the file can have, at least one: to file, hot tail and state, or to none of them.
    /// </summary>
    /// <param name="kind">What they are.</param>
    /// <param name="output">Whose.</param>
    /// <param name="payloads">The payloads of all of them, and perhaps of others.</param>
    /// <param name="ends">Where in the payloads each of them ends.</param>
    /// <param name="begin">Where the first of them begins.</param>
    /// <param name="fencing">Of the lease.</param>
    /// <returns>How many there are now.</returns>
    private int WriteRecords(RecordKind kind, OutputType output, ReadOnlySpan<byte> payloads, ReadOnlySpan<int> ends, int begin, long fencing)
    {
        if (_fault is not null)
        {
            throw Errors.StorageFailed(_fault);
        }

        RecordHeader[]? headers = null;
        try
        {
            var writer = WriterFor(RecordHeader.Size + ends[0] - begin);
            var segment = writer.Segment;
            var before = _state.Tally;
            var position = segment.Length;
            var count = HowManyFit(ends, begin, Math.Min(HotTail.LargestBlock, _options.SegmentBytes - position), out var total);
            headers = ArrayPool<RecordHeader>.Shared.Rent(count);
            MakeHeaders(headers.AsSpan(0, count), kind, output, payloads, ends, begin, fencing);

            _hot ??= new HotTail(_options.HotTailBytes, _options.HotTotalBytes, _total);
            var block = _hot.Reserve(segment, position, total).Span;
            var at = 0;
            for (var i = 0; i < count; i++)
            {
                var record = block.Slice(at, headers[i].RecordLength);
                payloads[(i == 0 ? begin : ends[i - 1])..ends[i]].CopyTo(record[RecordHeader.Size..]);
                headers[i].Write(record, segment.Header.Salt);
                at += record.Length;
            }

            writer.Append(block, Math.Max(_state.LatestMicros, headers[0].TimeMicros), before);

            for (var i = 0; i < count; i++)
            {
                _state.Apply(headers[i], payloads[(i == 0 ? begin : ends[i - 1])..ends[i]]);
            }

            _hot.Commit(total);
            segment.Publish(position + total);
            CountStored(total);
            _lastAppend = _time.GetTimestamp();
            NoteUnflushed(total);
            return count;
        }
        catch (IOException e)
        {
            throw Errors.Storage(e);
        }
        finally
        {
            if (headers is not null)
            {
                ArrayPool<RecordHeader>.Shared.Return(headers);
            }
        }
    }

    private void MakeHeaders(
        Span<RecordHeader> headers, RecordKind kind, OutputType output, ReadOnlySpan<byte> payloads, ReadOnlySpan<int> ends, int begin, long fencing)
    {
        var sequence = _state.Tally.Sequence;
        var (length, _, crc) = output == OutputType.None ? default : _state.Tally[output];
        var now = NowMicros();
        for (var i = 0; i < headers.Length; i++)
        {
            var payload = payloads[(i == 0 ? begin : ends[i - 1])..ends[i]];
            var payloadCrc = Crc32C.Append(0, payload);
            var isData = kind == RecordKind.Data;
            crc = isData ? Crc32C.Combine(crc, payloadCrc, payload) : crc;
            headers[i] = new RecordHeader(
                kind, output, payload.Length, payloadCrc, ++sequence, length, fencing, now, crc, isData ? payload.Count((byte)'\n') : 0);
            length += isData ? payload.Length : 0;
        }
    }

    private static int HowManyFit(ReadOnlySpan<int> ends, int begin, long room, out int total)
    {
        total = RecordHeader.Size + ends[0] - begin;
        var count = 1;
        while (count < ends.Length && total + RecordHeader.Size + LengthAt(ends, count) <= room)
        {
            total += RecordHeader.Size + LengthAt(ends, count++);
        }

        return count;
    }

    /// <summary>How long the piece is, if the first one begins at 0.</summary>
    private static int LengthAt(ReadOnlySpan<int> ends, int index) => ends[index] - (index == 0 ? 0 : ends[index - 1]);

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
