using Relay.Contracts;

namespace Relay.Server.Storage.Embedded;

// What readers and retention need to know about the segment files, and the end of it all.
internal sealed partial class EmbeddedSessionLog
{
    private bool _isTrimForced; // Of the last removal of a segment, made by this process or an earlier one: it survives a power loss.

    public int CurrentEpoch
    {
        get
        {
            lock (_gate)
            {
                return Epoch;
            }
        }
    }

    /// <summary>The segment that follows, or the oldest one for null; null at the last. One with an unreadable first page is passed over.</summary>
    /// <exception cref="RelayException">A file cannot be opened now.</exception>
    public Segment? SegmentAfter(Segment? segment)
    {
        while (true)
        {
            Segment? next;
            lock (_gate)
            {
                next = _segments.Find(candidate => candidate.FirstSequence > (segment?.FirstSequence ?? 0));
            }

            if (next is null || next.TryReadHeader()) // Not under the lock: this may read from the disk.
            {
                return next;
            }

            segment = next;
        }
    }

    /// <summary>Whether everything before the segment was removed by retention.</summary>
    public bool IsOldest(Segment segment)
    {
        lock (_gate)
        {
            return !HasLostItsSegments && (_segments.Count == 0 || _segments[0].FirstSequence >= segment.FirstSequence);
        }
    }

    /// <summary>The segments from oldest to newest. Their first pages may be unread, or unreadable.</summary>
    public List<Segment> Segments()
    {
        lock (_gate)
        {
            return [.. _segments];
        }
    }

    /// <summary>Where the log ends now: the last segment, its length, and the tally there, all of one moment.</summary>
    public (Segment? Segment, long Position, LogTally Tally) End()
    {
        lock (_gate)
        {
            var last = _segments.LastOrDefault();
            return (last, last?.Length ?? 0, _state.Tally);
        }
    }

    /// <summary>The last sequence that a reader of <paramref name="epoch"/> saw and that is still part of the log's history.</summary>
    public long LastCommon(int epoch, long sequence)
    {
        lock (_gate)
        {
            var survived = Math.Min(sequence, _state.Tally.Sequence);
            foreach (var start in _manifest.Epochs)
            {
                if (start.Epoch > epoch)
                {
                    survived = Math.Min(survived, start.FirstSequence - 1);
                }
            }

            return survived;
        }
    }

    /// <summary>The hot block that holds a position, to be released by the caller; null when it is only in the file.</summary>
    public HotBlock? RentHot(Segment segment, long position) => Volatile.Read(ref _hot)?.Rent(segment, position);

    /// <summary>Removes the oldest sealed segments until the log is small enough; the last one always stays, and what recovery would begin with.</summary>
    /// <returns>Bytes removed.</returns>
    public long TrimTo(long maxBytes)
    {
        if (maxBytes <= 0 || _options.WhenFull == WhenFull.Refuse)
        {
            return 0;
        }

        lock (_gate)
        {
            if (Gone != EndReason.None)
            {
                return 0; // Where its files were may be those of another session by now.
            }

            var before = _storedBytes;
            if (_storedBytes > maxBytes)
            {
                TryNoteDurablePoint();
            }

            while (_storedBytes > maxBytes && _segments.Count > 1 && _segments[0].IsSealed && _segments[0].FirstSequence < _manifest.StateSegment)
            {
                var oldest = _segments[0];
                try
                {
                    if (!_isTrimForced)
                    {
                        _files.SyncFolder(Folder); // One after the other: a power loss must not bring an older one back without those behind it.
                    }

                    oldest.Delete();
                }
                catch (IOException)
                {
                    break; // It must neither refuse an append nor keep other sessions from their upkeep. The next trim tries again.
                }

                _isTrimForced = false;
                _segments.RemoveAt(0);
                CountStored(-oldest.Length);
            }

            return before - _storedBytes;
        }
    }

    /// <summary>Lets recovery begin as late as possible, so that what is before can be trimmed.</summary>
    private void TryNoteDurablePoint()
    {
        if (_durablePoint is not { Segment: { } durable } point || durable.FirstSequence <= _manifest.StateSegment)
        {
            return;
        }

        try
        {
            SaveManifest(UncleanFrom(point), durable: true);
        }
        catch (IOException)
        {
            // Then only what lies before the point that was noted last is trimmed.
        }
    }

    /// <summary>Ends the session: from here on leases are refused and readers get the end.</summary>
    /// <returns>Whether this call did it.</returns>
    public bool TryEnd(EndReason reason, bool unlessHeld)
    {
        lock (_gate)
        {
            if (Gone != EndReason.None || (unlessHeld && _leases.Any(lease => lease is not null)))
            {
                return false;
            }

            _gone = (int)reason;
            foreach (var lease in _leases)
            {
                lease?.Revoke(Errors.Gone(Id, reason, _time.GetUtcNow()));
            }

            Array.Clear(_leases);
            CloseFiles();
            foreach (var segment in _sealedUnflushed)
            {
                segment.Dispose();
            }

            _total.Add(-_storedBytes); // Its files go, or are those of a reader that has yet to leave; nobody writes to them any more.
        }

        Changed.Fire();
        Flushed.Fire();
        return true;
    }

    /// <summary>The ended session's folder was moved aside; it goes when the last reader does.</summary>
    public void MovedTo(string folder)
    {
        lock (_gate)
        {
            Folder = folder;
            _isMoved = true;
        }

        RemoveIfUnread();
    }

    /// <summary>A reader is done.</summary>
    public void ReaderLeft()
    {
        lock (_gate)
        {
            _readers--;
        }

        RemoveIfUnread();
    }

    private void RemoveIfUnread()
    {
        string folder;
        lock (_gate)
        {
            // Before it was moved its place is the store's to clear: another session of the same id may be in it by now.
            if (!_isMoved || _readers > 0)
            {
                return;
            }

            folder = Folder;
        }

        try
        {
            _files.DeleteFolder(folder);
        }
        catch (IOException)
        {
            // Gone already, or held by a virus scanner: what stays in the trash is removed at the next start.
        }
    }
}
