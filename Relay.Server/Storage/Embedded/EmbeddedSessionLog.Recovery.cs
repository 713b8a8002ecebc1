using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using Relay.Contracts;

namespace Relay.Server.Storage.Embedded;

// Coming into being: created, loaded after a clean stop, or recovered after an unclean one.
internal sealed partial class EmbeddedSessionLog
{
    /// <summary>Creates the log of a new session in an existing, empty folder.</summary>
    public static EmbeddedSessionLog Create(
        IFileSystem files, string folder, string id, IReadOnlyDictionary<string, string> labels, SessionAccess? access, StorageOptions options, TimeProvider time,
        IFlushQueue flushQueue, StoredTotal? total = null)
    {
        var now = time.GetUtcNow();
        var state = new LogState();
        var manifest = new SessionManifest
        {
            Id = id,
            // 53 bits, so that JavaScript clients can hand it back.
            Incarnation = BitConverter.ToInt64(RandomNumberGenerator.GetBytes(sizeof(long))) & (MaxPosition - 1),
            CreatedAt = now,
            LastActivityAt = now,
            Labels = labels.Count > 0 ? labels.ToDictionary(StringComparer.Ordinal) : SessionManifest.NoLabels,
            Access = access,
            IsClean = true,
            State = state.ToNote(),
            StateSegment = 0,
            StatePosition = 0,
        };
        manifest.Save(files, folder, durable: true);
        return new EmbeddedSessionLog(files, folder, manifest, state, [], options, time, flushQueue, total) { _manifestIsDurable = true, _hasDurableManifest = true };
    }

    /// <summary>Loads a session's log from its folder.</summary>
    /// <returns>Null when the folder has no readable manifest.</returns>
    /// <exception cref="InvalidDataException">It was written by a newer relay.</exception>
    public static EmbeddedSessionLog? Load(
        IFileSystem files, string folder, string quarantine, StorageOptions options, TimeProvider time, IFlushQueue flushQueue, RecoveryLog report,
        StoredTotal? total = null)
    {
        if (SessionManifest.Load(files, folder) is not { } manifest)
        {
            return null;
        }

        var recovery = new LogRecovery(files, folder, quarantine, manifest, report);
        recovery.Run();
        var log = new EmbeddedSessionLog(files, folder, recovery.Manifest, recovery.State, recovery.Segments, options, time, flushQueue, total)
        {
            _manifestIsBehind = recovery.Manifest != manifest,
            HasLostItsSegments = recovery.Segments.Count == 0 && manifest.StatePosition > SegmentHeader.PageSize,
        };
        foreach (var output in OutputTypes.All)
        {
            log._state.MarkLost(output);
        }

        return log;
    }

    /// <summary>
    /// Forgets what may not have reached the disk, and begins a new epoch. From here on readers see the log as it will be; a relay that ends before the
    /// files are cut as well finds the records again, which is no harm: nobody was given a lease in between.
    /// </summary>
    private void ForgetBehind(DurablePoint point)
    {
        _segments.RemoveAll(segment => point.Segment is not { } durable || segment.FirstSequence > durable.FirstSequence
            || (segment == durable && point.Position <= SegmentHeader.PageSize)); // Of this one nothing is durable: the next one will have its name.
        var last = _segments.LastOrDefault();
        if (last is not null && last == point.Segment)
        {
            last.Publish(point.Position);
            last.Seal();
        }

        CountSegments();
        _state = LogState.FromNote(point.State);
        _durable = _state.Tally;
        foreach (var output in OutputTypes.All)
        {
            if (LeaseOf(output) is not null)
            {
                _leases[(int)output - 1] = null;
                _phaseSince[(int)output - 1] = _time.GetTimestamp();
            }

            _state.MarkLost(output);
        }

        _manifest = _manifest.InNewEpoch(_state.Tally.Sequence + 1);
        _durablePoint = point with { Segment = last, Position = last?.Length ?? 0 };
        _generation++;
    }

    /// <summary>Makes the files what the log is, and goes on in a new segment.</summary>
    private void CutFiles()
    {
        foreach (var path in Segment.Paths(_files, Folder).Reverse().Where(path => !_segments.Exists(segment => segment.Path == path)))
        {
            _files.DeleteFile(path);
            _files.DeleteFile(Segment.IndexPathOf(path));
        }

        _segments.LastOrDefault()?.CutToLength();
        _writer = CreateSegment();
    }
}
