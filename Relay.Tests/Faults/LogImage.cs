using System.Text.Json;
using Relay.Contracts;
using Relay.Server.Storage;
using Relay.Server.Storage.Embedded;
using Relay.Tests.Storage;
using Relay.Tests.TestKit;

namespace Relay.Tests.Faults;

/// <summary>How far the log in a <see cref="LogImage"/> was on the disk when its process ended.</summary>
public enum ImageKind
{
    /// <summary>Nothing of the segment was forced to the disk: no watermark in it.</summary>
    Written,

    /// <summary>Forced to the disk when the segment was half full, and never again.</summary>
    HalfDurable,

    /// <summary>All of it was forced to the disk.</summary>
    Durable,

    /// <summary>The relay was stopped in good order: the next start scans nothing.</summary>
    Closed,
}

/// <summary>A record of a <see cref="LogImage"/>: its place in the file, and what it says.</summary>
internal sealed record ImageRecord(int Segment, long Begin, long End, RecordHeader Header, LogTally Before, LogTally After)
{
    public bool IsData => Header.Kind == RecordKind.Data;
}

/// <summary>
/// The files of one session as a killed or stopped relay leaves them, with the log ending at, or three records behind, one segment that a test
/// will damage; segments before the last but one are gone, as retention removes them. Made by the real log on a <see cref="SimulatedDisk"/>.
/// </summary>
internal sealed class LogImage
{
    public const string Folder = "/data/sessions/it";
    public const string Quarantine = "/data/quarantine";
    private const int RecordsBehind = 3;

    private readonly Dictionary<string, byte[]> _files;

    private LogImage(ImageKind kind, Dictionary<string, byte[]> files, StorageOptions options, WrittenBytes written)
    {
        (Kind, _files, Options, Written) = (kind, files, options, written);
        Paths = [.. files.Keys.Where(path => path.EndsWith(".log", StringComparison.Ordinal)).Order(StringComparer.Ordinal)];
        Headers = [.. Paths.Select(path => SegmentHeader.Read(files[path])!)];
        Watermarks = [.. Paths.Select((path, i) => Headers[i].ReadWatermark(files[path]).Position)];
        Records = [.. Paths.SelectMany((path, i) => RecordsOf(files[path], Headers[i], i))];
        var manifest = JsonSerializer.Deserialize(
            files[Path.Combine(Folder, SessionManifest.FileName)].AsSpan()[..files[Path.Combine(Folder, SessionManifest.FileName)].AsSpan().IndexOf((byte)'\n')],
            StorageJson.Default.SessionManifest)!;
        (NotedSegment, NotedPosition) = (manifest.StateSegment, manifest.StatePosition);
    }

    public ImageKind Kind { get; }

    public StorageOptions Options { get; }

    public WrittenBytes Written { get; }

    /// <summary>Paths of the segment files, oldest first.</summary>
    public List<string> Paths { get; }

    public List<SegmentHeader> Headers { get; }

    /// <summary>How far each segment is durable by its own account.</summary>
    public List<long> Watermarks { get; }

    public List<ImageRecord> Records { get; }

    /// <summary>The segment to be damaged, as an index into <see cref="Paths"/>.</summary>
    public int Target { get; private init; }

    public byte[] TargetBytes => _files[Paths[Target]];

    /// <summary>First sequence of the segment that the manifest names, where a scan begins.</summary>
    public long NotedSegment { get; }

    public long NotedPosition { get; }

    public LogTally End => Records[^1].After;

    /// <summary>Of a reader that had everything before the segment that is damaged.</summary>
    public ReadCursor Cursor => Headers[Target] is var header
        ? new ReadCursor(header.Incarnation, 1, header.Base.Sequence, header.Base[OutputType.Stdout].Length, header.Base[OutputType.Stderr].Length)
        : default;

    public IEnumerable<string> Names => _files.Keys;

    public byte[] this[string path] => _files[path];

    /// <summary>A disk with these files, one of them with other content.</summary>
    public SimulatedDisk Disk(string? damagedPath = null, byte[]? damaged = null)
    {
        var disk = new SimulatedDisk();
        foreach (var (path, bytes) in _files)
        {
            disk.Put(path, path == damagedPath ? damaged! : bytes);
        }

        return disk;
    }

    /// <param name="kind">How far it was on the disk.</param>
    /// <param name="plan">What is written.</param>
    /// <param name="segmentBytes">Size of a segment.</param>
    /// <param name="target">Which segment will be damaged, from 0. Beyond the last one: the last one.</param>
    public static async Task<LogImage> Make(ImageKind kind, WritingPlan plan, int segmentBytes, int target)
    {
        var disk = new SimulatedDisk();
        var options = new StorageOptions { SegmentBytes = segmentBytes };
        var files = disk.Mount();
        files.CreateFolder(Folder);
        var log = EmbeddedSessionLog.Create(files, Folder, "nightly", new Dictionary<string, string>(StringComparer.Ordinal), null, options, new FakeTime(), new NoFlushes());
        var lease = await log.Lease("run", attempt: 1);
        var written = new WrittenBytes();
        var current = 0;
        var behind = 0;
        var halfIsDurable = false;
        foreach (var step in plan.Steps)
        {
            lease = await step.Do(log, lease, written);
            var segments = log.Segments();
            if (segments.Count - 1 > current)
            {
                current = segments.Count - 1;
                if (current <= target)
                {
                    log.Flush(); // What is before the segment is durable, as it would be in a relay that runs.
                }
            }

            if (kind == ImageKind.HalfDurable && !halfIsDurable && current == target && segments[^1].Length > segmentBytes / 2)
            {
                log.Flush();
                halfIsDurable = true;
            }

            if (current > target && ++behind == RecordsBehind)
            {
                break;
            }
        }

        if (kind == ImageKind.Durable)
        {
            log.Flush();
        }
        else if (kind == ImageKind.Closed)
        {
            log.Shutdown();
        }

        var all = log.Segments();
        var last = Math.Min(target, all.Count - 1);
        var gone = all.Take(Math.Max(last - 1, 0)).SelectMany(segment => new[] { segment.Path, segment.IndexPath }).ToHashSet(StringComparer.Ordinal);
        var kept = disk.Files().Where(file => !gone.Contains(file.Key)).ToDictionary(StringComparer.Ordinal);
        return new LogImage(kind, kept, options, written) { Target = last - Math.Max(last - 1, 0) };
    }

    private static List<ImageRecord> RecordsOf(byte[] file, SegmentHeader segment, int index)
    {
        var records = new List<ImageRecord>();
        var tally = segment.Base;
        for (var at = SegmentHeader.PageSize; at < file.Length;)
        {
            if (!RecordHeader.TryRead(file.AsSpan(at), segment.Salt, out var header))
            {
                throw new InvalidOperationException($"There is no record at {at}.");
            }

            var before = tally;
            var payload = file.AsSpan(at + RecordHeader.Size, header.PayloadLength);
            tally.Apply(header, header.Kind == RecordKind.Gap ? GapNote.Read(payload).Length : 0);
            records.Add(new ImageRecord(index, at, at + header.RecordLength, header, before, tally));
            at += header.RecordLength;
        }

        return records;
    }
}

/// <summary>For a log that is synced by hand.</summary>
internal sealed class NoFlushes : IFlushQueue
{
    public void Request(EmbeddedSessionLog log, bool urgent)
    {
    }

    public void Failed(EmbeddedSessionLog log, Exception failure)
    {
    }
}
