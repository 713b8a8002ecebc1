using Relay.Contracts;

namespace Relay.Server.Storage.Embedded;

/// <summary>Takes note that a log has bytes to be forced to the disk.</summary>
internal interface IFlushQueue
{
    /// <param name="log">The log.</param>
    /// <param name="urgent">Begin now instead of at the next interval.</param>
    void Request(EmbeddedSessionLog log, bool urgent);

    /// <summary>A sync of the log failed.</summary>
    void Failed(EmbeddedSessionLog log, Exception failure);
}

// Durability: what is fsynced, what a failed fsync costs, and what idle sessions give back.
internal sealed partial class EmbeddedSessionLog
{
    private readonly Lock _flushGate = new();
    private readonly List<SegmentWriter> _sealedUnflushed = [];
    private bool _manifestIsBehind;
    private bool _manifestIsDurable;
    private bool _hasDurableManifest;
    private DurablePoint? _durablePoint;
    private bool _isStopped;

    /// <summary>A place in the log that survives a power loss, and the log's state there.</summary>
    private sealed record DurablePoint(Segment? Segment, long Position, StateNote State);

    /// <summary>Forces everything written so far to the disk. Appends go on meanwhile.</summary>
    /// <returns>Whether a sync succeeded.</returns>
    public bool Flush()
    {
        lock (_flushGate)
        {
            SegmentWriter[] finished;
            SegmentWriter? writer;
            Watermark watermark;
            DurablePoint point;
            long bytes;
            lock (_gate)
            {
                if (_fault is not null || Gone != EndReason.None)
                {
                    return false;
                }

                finished = [.. _sealedUnflushed];
                writer = _writer;
                if (writer is null && finished.Length == 0)
                {
                    return false;
                }

                watermark = new Watermark(writer?.Segment.Length ?? 0, _state.Tally);
                point = new DurablePoint(_segments[^1], _segments[^1].Length, _state.ToNote());
                bytes = _unflushedBytes;
            }

            try
            {
                foreach (var segment in finished)
                {
                    segment.Sync();
                }

                writer?.Sync();
            }
            catch (Exception e)
            {
                Fault(e); // Whatever it is: it must not end the flusher of all sessions.
                return false;
            }

            lock (_gate)
            {
                _sealedUnflushed.RemoveAll(finished.Contains);
                _durable = watermark.Tally;
                _durablePoint = point;
                _unflushedBytes -= bytes;
                if (_unflushedBytes > 0 && !FsyncIsOff)
                {
                    _flushQueue.Request(this, urgent: _options.Fsync == FsyncPolicy.Group || _unflushedBytes >= _options.FsyncBytes);
                }
            }

            foreach (var segment in finished)
            {
                segment.Dispose();
            }

            try
            {
                writer?.WriteWatermark(watermark); // Last: a log that is cut back must not fall behind what its watermark says.
            }
            catch (Exception e)
            {
                Fault(e);
                return false;
            }
        }

        Flushed.Fire();
        Changed.Fire();
        return true;
    }

    /// <summary>Gives memory and file handles back if nothing was appended for a while and everything is durable.</summary>
    public void ReleaseIfIdle()
    {
        if (FsyncIsOff && IsAtRest())
        {
            Flush(); // What is noted of a session at rest must be durable.
        }

        lock (_flushGate)
        {
            lock (_gate)
            {
                if (!IsAtRest() || _unflushedBytes > 0 || _sealedUnflushed.Count > 0)
                {
                    return;
                }

                CloseFiles();
                if (!_leases.Any(lease => lease is not null))
                {
                    TryMarkClean();
                }
            }
        }
    }

    /// <summary>Flushes and closes for good, at the end of the process.</summary>
    public void Shutdown()
    {
        lock (_gate)
        {
            // First no more appends, then the sync: what is acknowledged as written is durable when the process is gone.
            _isStopped = true;
            foreach (var lease in _leases)
            {
                lease?.Revoke(Errors.Stopping());
            }

            Array.Clear(_leases);
        }

        Flush();
        lock (_flushGate)
        {
            lock (_gate)
            {
                var isDurable = _fault is null && _unflushedBytes == 0;
                CloseFiles();
                if (isDurable && Gone == EndReason.None)
                {
                    TryMarkClean();
                }
            }
        }
    }

    private bool IsAtRest()
    {
        lock (_gate)
        {
            return _writer is not null && _fault is null && _time.GetElapsedTime(_lastAppend) >= _options.IdleAfter;
        }
    }

    private void TryMarkClean()
    {
        if (_manifest.IsClean)
        {
            return;
        }

        try
        {
            var last = _segments.LastOrDefault();
            SaveManifest(
                _manifest with { IsClean = true, State = _state.ToNote(), StateSegment = last?.FirstSequence ?? 0, StatePosition = last?.Length ?? 0 },
                durable: true);
        }
        catch (IOException)
        {
            // The next start scans the last segment instead.
        }
    }

    private void CloseFiles()
    {
        _writer?.Dispose();
        _writer = null;
        _hot?.Clear();
        _hot = null;
        _segments.TrimExcess();
        _durablePoint = null;
    }

    /// <summary>
    /// A failed fsync may have dropped dirty pages, and the next one on the same handle would report success for them. So the handle is
    /// given up, the lease ends, and the next writer finds a log cut back to what is known to be durable.
    /// </summary>
    private void Fault(Exception failure)
    {
        lock (_gate)
        {
            if (Gone != EndReason.None)
            {
                return; // Deleted under the flusher's hands: nothing is lost that anyone still wants.
            }

            _fault = failure;
            foreach (var lease in _leases)
            {
                lease?.Revoke(Errors.StorageFailed(failure));
            }

            _flushQueue.Failed(this, failure);
        }

        Flushed.Fire();
        Changed.Fire();
    }

    private void RecoverFromFault()
    {
        if (_fault is null)
        {
            return;
        }

        foreach (var segment in _sealedUnflushed)
        {
            segment.Dispose();
        }

        _sealedUnflushed.Clear();
        var point = _durablePoint!;
        CloseFiles();
        ForgetBehind(point);
        Changed.Fire(); // Readers are told, whatever becomes of the rest.
        try
        {
            CutFiles();
        }
        catch (IOException e)
        {
            throw Errors.Storage(e); // The next lease tries again.
        }

        _unflushedBytes = 0;
        _fault = null;
    }
}
