using Relay.Contracts;

namespace Relay.Server.Storage.Embedded;

/// <summary>What recovery did, for the log of the server.</summary>
internal sealed class RecoveryLog
{
    public int Scanned { get; set; }

    public List<string> Findings { get; } = [];
}

/// <summary>
/// Finds out where a log ends. Damage above the durable watermark is a torn tail and cut off. Below it nothing is thrown away: a copy of the
/// file goes to quarantine, the damaged records are passed over (readers get a gap), and the log goes on in a new segment if its end is unreadable.
/// </summary>
internal sealed class LogRecovery(IFileSystem files, string folder, string quarantine, SessionManifest manifest, RecoveryLog report)
{
    private const int CopyBytes = 64 * 1024;

    public SessionManifest Manifest { get; private set; } = manifest;

    public LogState State { get; private set; } = LogState.FromNote(manifest.State);

    public List<Segment> Segments { get; } = [];

    public void Run()
    {
        LoadSegments();
        if (Manifest.IsClean && IsAsNoted())
        {
            return;
        }

        report.Scanned++;
        if (Segments.FindIndex(segment => segment.FirstSequence >= Manifest.StateSegment) is >= 0 and var first)
        {
            ScanFrom(first);
        }

        files.SyncFolder(folder); // What was removed, now or by a cut that was interrupted, must not be back behind the records that follow.

        // Always a new epoch: records of the last one may be lost that readers saw, also when nothing of that epoch is left.
        Manifest = Manifest.InNewEpoch(State.Tally.Sequence + 1) with { IsClean = false };
    }

    private bool IsAsNoted() => Segments.Count == 0
        ? Manifest.StateSegment == 0
        : Segments[^1].FirstSequence == Manifest.StateSegment && Segments[^1].Length == Manifest.StatePosition;

    private void LoadSegments()
    {
        foreach (var path in Segment.Paths(files, folder).Reverse())
        {
            if (Segment.FirstSequenceOf(path) is not { } sequence)
            {
                Quarantine(path, move: true, "it is called as no segment is");
                continue;
            }

            // Only what recovery begins with, and the last one, to which the next record goes. A start must not take longer the more is stored.
            var segment = new Segment(files, folder, Manifest.Incarnation, sequence, Math.Max(files.FileLength(path), SegmentHeader.PageSize));
            var isNeeded = Segments.Count == 0 || sequence >= Manifest.StateSegment;
            if (isNeeded && !segment.TryReadHeader())
            {
                Quarantine(path, move: true, "its first page is unreadable");
                continue;
            }

            if (Segments.Count > 0)
            {
                segment.Seal();
            }

            Segments.Add(segment);
        }

        Segments.Reverse();
    }

    private void ScanFrom(int first)
    {
        // A segment is synced before anything in a later one counts as durable: so a watermark vouches for all segments before its own.
        var vouching = Segments.FindLast(segment => ReadWatermark(segment).Position > SegmentHeader.PageSize)?.FirstSequence ?? Manifest.StateSegment;
        for (var i = first; i < Segments.Count; i++)
        {
            var segment = Segments[i];
            if (segment.FirstSequence > vouching && !GoesOnIn(i))
            {
                Drop(i);
                break;
            }

            State.SkipTo(segment.Header.Base);
            var watermark = segment.FirstSequence < vouching ? new Watermark(segment.Length, default) : ReadWatermark(segment);
            var begin = segment.FirstSequence == Manifest.StateSegment ? Math.Max(Manifest.StatePosition, SegmentHeader.PageSize) : SegmentHeader.PageSize;
            if (!Scan(segment, begin, watermark, i + 1) && !GoesOnIn(i + 1))
            {
                Drop(i + 1);
            }
        }

        if (Segments.LastOrDefault() is { IsSealed: true } last && last.FirstSequence == State.Tally.Sequence + 1)
        {
            Drop(Segments.Count - 1); // Nothing of it is left, and the next segment will have its name.
        }
    }

    /// <summary>
    /// Whether a segment begins exactly where the log stands. If so, what was cut off before it was no record, but what a failed write had left. If not,
    /// and nothing vouches for it, then either the log was torn before it, or it could not be made and its first record went elsewhere.
    /// </summary>
    private bool GoesOnIn(int next) =>
        next < Segments.Count && Segments[next].Header.Base is var begin && begin.Sequence == State.Tally.Sequence && begin.AgreesWith(State.Tally);

    /// <summary>The segments from <paramref name="first"/> on do not follow what is before them: they go.</summary>
    private void Drop(int first)
    {
        foreach (var segment in Segments.Skip(first))
        {
            report.Findings.Add($"{segment.Path}: removed, for it does not follow what is before it");
            segment.Delete();
        }

        Segments.RemoveRange(first, Segments.Count - first);
    }

    /// <returns><c>false</c> when a torn tail was cut off.</returns>
    private bool Scan(Segment segment, long begin, Watermark watermark, int next)
    {
        using var file = segment.Open(FileAccess.ReadWrite);
        using var walker = new SegmentWalker(file, segment.Header.Salt, begin);
        var limit = segment.Length;
        var isWhole = true;
        var quarantined = false;
        while (walker.Next(limit, out var header, out var payload) is var result && result != WalkResult.End)
        {
            if (result == WalkResult.Record)
            {
                if (header.Sequence > watermark.Tally.Sequence)
                {
                    State.SkipTo(watermark.Tally); // A damaged record may have been the last of its output.
                }

                State.Apply(header, payload.Span);
                continue;
            }

            if (walker.Position >= watermark.Position)
            {
                report.Findings.Add($"{segment.Path}: cut off a torn tail of {limit - walker.Position} bytes at {walker.Position}");
                segment.CutTo(walker.Position);
                isWhole = false;
                break;
            }

            var damage = walker.Position;
            var isFollowed = walker.Resync(limit);
            if (!isFollowed && GoesOnIn(next))
            {
                segment.CutTo(damage);
                break;
            }

            if (!quarantined)
            {
                Quarantine(segment.Path, move: false, $"a record at {damage} is damaged");
                quarantined = true;
            }

            State.MarkDamaged();
            if (!isFollowed)
            {
                break;
            }
        }

        var isShort = State.Tally.Sequence < watermark.Tally.Sequence || limit < begin;
        State.SkipTo(watermark.Tally);
        if (isShort)
        {
            // The durable end of the file cannot be read. What was known of it goes on in a new segment, and readers get a gap.
            report.Findings.Add($"{segment.Path}: records up to {State.Tally.Sequence} are lost; the log goes on behind them");
            segment.CutTo(Math.Min(limit, watermark.Position)); // Nothing vouches for what is behind, and the log's next records have these places.
            segment.Seal();
        }

        WriteAgain(file, 0, SegmentHeader.PageSize);
        WriteAgain(file, Math.Max(begin, watermark.Position), segment.Length);
        file.SetLength(segment.Length);
        file.Sync();
        return isWhole;
    }

    /// <summary>
    /// What was written (or cut off) and is not known to be durable is done once more before it is synced: if it was a failed sync that ended the last process, the
    /// system holds these bytes for clean, and a sync alone would report success for what never reached the disk.
    /// </summary>
    private static void WriteAgain(IStoreFile file, long from, long to)
    {
        var buffer = new byte[CopyBytes];
        for (var position = from; position < to;)
        {
            var count = file.ReadWhatCanBeRead(buffer.AsSpan(0, (int)Math.Min(buffer.Length, to - position)), position);
            if (count == 0)
            {
                break;
            }

            file.Write(buffer.AsSpan(0, count), position);
            position += count;
        }
    }

    private void Quarantine(string path, bool move, string why)
    {
        var target = Path.Combine(quarantine, $"{Path.GetFileName(folder)}-{Path.GetFileName(path)}");
        for (var i = 1; files.FileExists(target); i++)
        {
            target = Path.Combine(quarantine, $"{Path.GetFileName(folder)}-{Path.GetFileName(path)}.{i}");
        }

        if (move)
        {
            files.CreateFolder(quarantine);
            files.MoveFile(path, target);
            report.Findings.Add($"{path}: {why}; moved to {target}");
            return;
        }

        try
        {
            files.CreateFolder(quarantine);
            files.CopyFile(path, target);
            report.Findings.Add($"{path}: {why}; copied to {target}");
        }
        catch (IOException e)
        {
            // A full disk, or sectors that cannot be read: nothing of the file itself is thrown away.
            report.Findings.Add($"{path}: {why}; it could not be copied to {target}: {e.Message}");
        }
    }

    private Watermark ReadWatermark(Segment segment)
    {
        if (segment.FirstSequence < Manifest.StateSegment)
        {
            return default; // What the manifest notes vouches for it.
        }

        using var file = segment.Open(FileAccess.Read);
        var page = new byte[SegmentHeader.PageSize];
        return segment.Header.ReadWatermark(page.AsSpan(0, file.ReadWhatCanBeRead(page, 0)));
    }
}
