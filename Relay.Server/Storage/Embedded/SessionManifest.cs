using System.Text;
using System.Text.Json;
using Relay.Contracts;

namespace Relay.Server.Storage.Embedded;

/// <summary>From <paramref name="FirstSequence"/> on, records were written in this epoch.</summary>
internal sealed record EpochStart(int Epoch, long FirstSequence);

/// <summary><see cref="LogState"/> in the manifest.</summary>
internal sealed record StateNote(long Sequence, long FencingNumber, List<OutputNote> Outputs, List<RunNote> Runs, CompletionNote? Completion, long LatestMicros = 0)
{
    public static readonly StateNote Empty = new(0, 0, [], [], null);
}

internal sealed record OutputNote(long Length, long Lines, uint Crc, OutputPhase Phase, string? LastRun);

internal sealed record RunNote(string RunId, int LastAttempt, bool Anonymous, List<RunOutput> Outputs);

/// <summary>
/// What is known of a session beside its records, in <c>manifest.json</c> of its folder: one line of JSON and one line with its CRC-32C.
/// It is replaced atomically; the version before stays as <c>manifest.previous.json</c>.
/// </summary>
internal sealed record SessionManifest
{
    public const string FileName = "manifest.json";
    public const string PreviousFileName = "manifest.previous.json";
    public const int CurrentFormat = 1;

    /// <summary>One for all sessions without labels: an idle session costs little.</summary>
    public static readonly Dictionary<string, string> NoLabels = new(0, StringComparer.Ordinal);

    private static readonly EpochStart[] FirstEpoch = [new(1, 1)]; // One for all, too.

    public int Format { get; init; } = CurrentFormat;

    public required string Id { get; init; }

    public required long Incarnation { get; init; }

    public required DateTimeOffset CreatedAt { get; init; }

    public DateTimeOffset LastActivityAt { get; init; }

    public Dictionary<string, string> Labels { get; init; } = NoLabels;

    /// <summary>Null in those of older relays.</summary>
    public SessionAccess? Access { get; init; }

    /// <summary>Ascending; every unclean start adds one.</summary>
    public IReadOnlyList<EpochStart> Epochs { get; init; } = FirstEpoch;

    /// <summary>Nothing was appended since <see cref="State"/> was noted.</summary>
    public bool IsClean { get; init; }

    /// <summary>The log's state at <see cref="StatePosition"/> of <see cref="StateSegment"/>: at the end of the log if clean, else where it was last known to be durable.</summary>
    public required StateNote State { get; init; }

    /// <summary>First sequence of the segment in which the state was noted; 0 for the state before the first record.</summary>
    public required long StateSegment { get; init; }

    /// <summary>Length of that segment then. Recovery begins here.</summary>
    public required long StatePosition { get; init; }

    /// <summary>The manifest of the epoch that begins with a sequence. An epoch in which nothing was written leaves no trace in the list.</summary>
    public SessionManifest InNewEpoch(long firstSequence)
    {
        var last = Epochs[^1];
        var kept = last.FirstSequence == firstSequence ? Epochs.SkipLast(1) : Epochs;
        return this with { Epochs = [.. kept, new EpochStart(last.Epoch + 1, firstSequence)] };
    }

    /// <summary>Replaces the manifest of a folder.</summary>
    /// <param name="folder">The session's folder.</param>
    /// <param name="durable">Force it to the disk before it counts.</param>
    /// <param name="keepPrevious">Leave the previous version as it is: the current one may not be on the disk, and one of the two must be.</param>
    public void Save(IFileSystem files, string folder, bool durable, bool keepPrevious = false)
    {
        var line = JsonSerializer.SerializeToUtf8Bytes(this, StorageJson.Default.SessionManifest);
        var path = Path.Combine(folder, FileName);
        var fresh = Path.Combine(folder, "manifest.new.json");
        files.WriteAllBytes(fresh, [.. line, .. Encoding.ASCII.GetBytes($"\ncrc32c {Crc32C.Append(0, line):x8}\n")], durable);
        if (!keepPrevious && files.FileExists(path))
        {
            files.MoveFile(path, Path.Combine(folder, PreviousFileName));
            if (!durable)
            {
                files.SyncFolder(folder); // Else the new name might reach the disk alone, with a file behind it that did not.
            }
        }

        files.MoveFile(fresh, path);
        if (durable)
        {
            files.SyncFolder(folder);
        }
    }

    /// <summary>The newest whole manifest of a folder, or null.</summary>
    /// <exception cref="InvalidDataException">It was written by a newer relay.</exception>
    /// <exception cref="IOException">A file is there and cannot be read.</exception>
    public static SessionManifest? Load(IFileSystem files, string folder)
    {
        var manifest = LoadFile(files, Path.Combine(folder, FileName)) ?? LoadFile(files, Path.Combine(folder, PreviousFileName));
        return manifest is null || manifest.Format <= CurrentFormat
            ? manifest
            : throw new InvalidDataException($"{folder} has manifest format {manifest.Format}; this relay knows formats up to {CurrentFormat}. Use a newer relay.");
    }

    /// <summary>Whether there is one, be it readable or not.</summary>
    public static bool Exists(IFileSystem files, string folder) =>
        files.FileExists(Path.Combine(folder, FileName)) || files.FileExists(Path.Combine(folder, PreviousFileName));

    private static SessionManifest? LoadFile(IFileSystem files, string path)
    {
        try
        {
            var bytes = files.ReadAllBytes(path).AsSpan();
            var end = bytes.IndexOf((byte)'\n');
            return end > 0 && bytes[(end + 1)..].SequenceEqual(Encoding.ASCII.GetBytes($"crc32c {Crc32C.Append(0, bytes[..end]):x8}\n"))
                ? JsonSerializer.Deserialize(bytes[..end], StorageJson.Default.SessionManifest)
                : null;
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException or JsonException)
        {
            return null;
        }
    }
}

/// <summary><see cref="Tombstone"/> as a file. Older ones do not say of which incarnation they are.</summary>
internal sealed record TombstoneNote(string Id, EndReason Reason, DateTimeOffset At, long Incarnation = 0, SessionAccess? Access = null);
