using Relay.Client.Writing;
using Relay.Contracts;

namespace Relay.Client.Spooling;

/// <summary>
/// Keeps a run's bytes in files: appended at the end, read for sending in order, whole files deleted once all of them is durable at the
/// relay.
/// </summary>
/// <remarks>
/// <code>
///   folder/  spool.json   whose bytes these are            (SpoolDescription)
///            state        attempts, incarnation, the end   (SpoolState)
///            lock         held while a process delivers    (SpoolLock)
///            00000007.segment   ─ released up to here ─┐
///            00000008.segment   [out 0–48K][err 0–90]… │ sent │ next to be sent …   (SpoolSegment)
/// </code>
/// Nothing is forced to the disk: it is the system's cache that outlives this process. What is to be sent soon is in memory as well (SpoolMemory).
/// </remarks>
internal sealed partial class Spool : IReplayStore
{
    private const long LargestSegment = 16 * 1024 * 1024;
    private const int SegmentsInLimit = 16;
    private const int MemorySegment = 1024 * 1024;
    private const int MostInMemory = 8;
    private const int BeforeFirst = -1;
    private const long SmallestWithLargeWrites = 64 * SpoolBlock.Size;

    private readonly string _folder;
    private readonly long _limit;
    private readonly SpoolLock _lock;
    private readonly SpoolState _state;
    private readonly IReadOnlyList<OutputType> _outputs;
    private readonly List<SpoolSegment> _segments;
    private readonly SpoolLane[] _lanes;
    private readonly long[] _sentTo = new long[OutputTypes.All.Count];
    private readonly SpoolReader _reader = new();
    private readonly SpoolMemory _memory = new();
    private readonly RecordWriter _records = new();
    private int _reading = BeforeFirst;
    private long _lastNumber;
    private long _bytes;
    private byte[] _scratch = [];
    private bool _disposed;

    private Spool(string folder, long limitBytes, SpoolLock held, SpoolState state, IReadOnlyList<OutputType> outputs)
    {
        (_folder, _limit, _lock, _state, _outputs) = (folder, limitBytes, held, state, outputs);
        var content = SpoolContent.Load(folder);
        (_segments, _lanes) = (content.Segments, content.Lanes);
        foreach (var output in OutputTypes.All.Where(output => state.Accepted(output).Accepted > Lane(output).Accepted))
        {
            Lane(output) = state.Accepted(output) with { Checkpoint = Lane(output).Checkpoint };
        }

        _lastNumber = SpoolSegment.Numbers(folder) is [.., var last] ? last : 0;
        _bytes = _segments.Sum(segment => segment.Length);
    }

    /// <summary>Opens the spool in the folder, or begins one.</summary>
    /// <param name="options">Where, and how much.</param>
    /// <param name="fresh">What a new one is of; what there is already goes before it. <c>null</c>: none is begun.</param>
    /// <param name="description">What this one is of.</param>
    /// <exception cref="SpoolInUseException">Another writer has it.</exception>
    /// <exception cref="DirectoryNotFoundException">There is none, and none is to be begun; or <see cref="FileNotFoundException"/>.</exception>
    /// <exception cref="InvalidDataException">The folder holds something else, or a newer format.</exception>
    /// <exception cref="IOException">The folder cannot be made or written.</exception>
    public static Spool Open(SpoolOptions options, SpoolDescription? fresh, out SpoolDescription description)
    {
        var folder = Path.GetFullPath(options.Folder);
        if (fresh is not null)
        {
            CreateFolder(folder);
        }

        var held = SpoolLock.Acquire(folder);
        SpoolState? state = null;
        try
        {
            if (!SpoolDescription.IsIn(folder) && fresh is not null)
            {
                fresh.Write(folder);
            }

            description = SpoolDescription.Read(folder);
            state = SpoolState.Open(folder);
            return new Spool(folder, options.LimitBytes, held, state, description.Outputs);
        }
        catch
        {
            state?.Dispose();
            held.Dispose();
            throw;
        }
    }

    public bool IsPersistent => true;

    /// <summary>Where little fits in, what is given up is little too.</summary>
    public int MostAtOnce => _limit < SmallestWithLargeWrites ? ReplayBuffer.MaxItemBytes : SpoolBlock.Size;

    public bool IsUnlimited { get; set; }

    /// <summary>How much of <see cref="SpoolMemory"/> there is.</summary>
    public int BlocksInMemory => _memory.Blocks;

    public RunFacts Facts
    {
        get => _state.Facts;
        set
        {
            if (value.IsCompleting && !_state.Facts.IsCompleting)
            {
                _state.SetAccepted(_lanes); // The totals that are reported belong to the end, whatever becomes of the bytes.
            }

            _state.Facts = value;
        }
    }

    public bool Takes(OutputType output) => OutputTypes.All.Contains(output) && (_outputs is [] || _outputs.Contains(output));

    public long Accepted(OutputType output) => Lane(output).Accepted;

    public OutputTotal Total(OutputType output) => new(output, Lane(output).Accepted, Lane(output).Crc);

    public ReadOnlyMemory<byte> Checkpoint(OutputType output) => Lane(output).Checkpoint;

    public bool TryAppend(OutputType output, ReadOnlySpan<byte> bytes, ReadOnlySpan<byte> checkpoint = default)
    {
        if (_bytes + RecordWriter.BytesFor(bytes.Length, checkpoint.Length) > _limit && !IsUnlimited)
        {
            return false;
        }

        var copy = _memory.Copy(bytes);
        _records.Make(output, Lane(output), copy.IsEmpty ? Scratch(bytes) : copy, checkpoint.ToArray());
        if (!TryWrite(_records, output))
        {
            return false;
        }

        var position = Lane(output).Accepted;
        Lane(output) = _records.After;
        _bytes += _records.Bytes;
        if (!copy.IsEmpty)
        {
            _memory.Keep(output, position, bytes.Length, _segments[^1], _records.Bytes, MostInItem);
        }

        return true;
    }

    public IReadOnlyList<(OutputType Output, long Bytes)>? DropOldest()
    {
        if (_segments.Count < 2)
        {
            return null;
        }

        var given = _segments[0];
        RemoveFirst();
        return
        [
            .. OutputTypes.All
                .Select((output, i) => (output, Bytes: given.Lanes[i].Accepted - Math.Max(given.Begin[i].Accepted, _state.Durable(output))))
                .Where(dropped => dropped.Bytes > 0),
        ];
    }

    public void Skip(OutputType output, ReadOnlySpan<byte> bytes)
    {
        Lane(output) = Lane(output).After(bytes);
        _state.SetAccepted(_lanes);
    }

    public void Release(OutputType output, long position)
    {
        _state.SetDurable(output, Math.Max(_state.Durable(output), Math.Min(position, SentTo(output))));
        while (_segments.Count > 1 && IsBelow(_segments[0], _state.Durable))
        {
            RemoveFirst();
        }
    }

    public void Written(OutputType output, long position) => _memory.Written(output, position);

    public void Discard()
    {
        // The lock is held until nothing is left that another process could take up.
        _segments.ForEach(segment => segment.Dispose());
        _segments.Clear();
        SpoolDescription.Delete(_folder);
        try
        {
            Directory.Delete(_folder, recursive: true);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // Without its description it is no spool any more: nobody asks for what stays.
        }
    }

    public void Dispose()
    {
        if (_disposed)
        {
            return;
        }

        _disposed = true;
        SaveMemory();
        _segments.ForEach(segment => segment.Dispose());
        _state.Dispose();
        _lock.Dispose();
    }

    /// <summary>Logs hold secrets: nobody else may read them.</summary>
    private static void CreateFolder(string folder)
    {
        if (OperatingSystem.IsWindows())
        {
            Directory.CreateDirectory(folder);
        }
        else
        {
            Directory.CreateDirectory(folder, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        }
    }

    private static bool IsBelow(SpoolSegment segment, Func<OutputType, long> positions) =>
        OutputTypes.All.All(output => segment.Lanes[SpoolLane.Slot(output)].Accepted <= positions(output));

    private ReadOnlyMemory<byte> Scratch(ReadOnlySpan<byte> bytes)
    {
        if (_scratch.Length < bytes.Length)
        {
            _scratch = GC.AllocateUninitializedArray<byte>(bytes.Length);
        }

        bytes.CopyTo(_scratch);
        return _scratch.AsMemory(0, bytes.Length);
    }

    private ref SpoolLane Lane(OutputType output) => ref _lanes[SpoolLane.Slot(output)];

    private ref long SentTo(OutputType output) => ref _sentTo[SpoolLane.Slot(output)];
}
