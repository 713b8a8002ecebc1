namespace Relay.Tests.Faults;

/// <summary>One file of a <see cref="SimulatedDisk"/>: what programs see, what is on the medium, and the changes between. Guarded by the disk's lock.</summary>
internal sealed class SimulatedFile
{
    public const int SectorSize = 512;

    private readonly List<Change> _pending = [];
    private readonly FileContent _medium;

    public SimulatedFile()
        : this(new FileContent())
    {
    }

    /// <param name="medium">What is in the file, on the medium too.</param>
    public SimulatedFile(FileContent medium) => (_medium, Seen) = (medium, medium.Copy());

    private SimulatedFile(FileContent medium, FileContent seen) => (_medium, Seen) = (medium, seen);

    /// <summary>What a program would read.</summary>
    public FileContent Seen { get; }

    public void Write(ReadOnlySpan<byte> bytes, int position)
    {
        _pending.Add(new Change(position, bytes.ToArray()));
        Seen.Write(bytes, position);
    }

    public void SetLength(int length)
    {
        _pending.Add(new Change(length, null));
        Seen.SetLength(length);
    }

    /// <summary>A file with the same past and a future of its own.</summary>
    public SimulatedFile Fork()
    {
        var fork = new SimulatedFile(_medium.Copy(), Seen.Copy());
        fork._pending.AddRange(_pending);
        return fork;
    }

    /// <summary>All pending changes reach the medium.</summary>
    public void Sync()
    {
        foreach (var change in _pending)
        {
            change.Apply(_medium);
        }

        _pending.Clear();
    }

    /// <summary>
    /// The system gives up writing the pending changes: programs still see them, some have reached the medium, and no later sync brings the others there.
    /// </summary>
    public void FailSync()
    {
        foreach (var change in _pending.Where(change => change.Bytes is not null && change.Position / SectorSize % 2 == 0))
        {
            change.Apply(_medium);
        }

        _pending.Clear();
    }

    /// <summary>
    /// What a power loss leaves: the medium, and of what is pending nothing, all, the oldest changes, or any sectors of any of them. Where the
    /// file has grown around a sector that is missing stand zeros, or what had been in that place of the medium before.
    /// </summary>
    /// <param name="random">Decides.</param>
    /// <param name="stale">Bytes that were once written to another file.</param>
    public SimulatedFile AfterPowerLoss(Random random, ReadOnlySpan<byte> stale)
    {
        var image = _medium.Copy();
        var share = random.Next(4) switch { 0 => 0.0, 1 => 1.0, _ => random.NextDouble() };
        var oldest = random.Next(2) == 0 ? random.Next(_pending.Count + 1) : 0;
        for (var i = 0; i < _pending.Count; i++)
        {
            var change = _pending[i];
            if (i < oldest)
            {
                change.Apply(image);
            }
            else if (change.Bytes is null)
            {
                if (random.NextDouble() < share)
                {
                    change.Apply(image);
                }
            }
            else
            {
                Tear(change, image, share, random, stale);
            }
        }

        return new SimulatedFile(image);
    }

    private static void Tear(Change change, FileContent image, double share, Random random, ReadOnlySpan<byte> stale)
    {
        var bytes = change.Bytes.AsSpan();
        for (var at = 0; at < bytes.Length;)
        {
            var position = change.Position + at;
            var count = Math.Min(bytes.Length - at, SectorSize - (position % SectorSize));
            if (random.NextDouble() < share)
            {
                if (position > image.Length && random.Next(2) == 0)
                {
                    image.Write(stale[..Math.Min(stale.Length, position - image.Length)], image.Length);
                }

                image.Write(bytes.Slice(at, count), position);
            }

            at += count;
        }
    }

    /// <summary>Bytes at a position, or without them: the file ends there.</summary>
    private sealed record Change(int Position, byte[]? Bytes)
    {
        public void Apply(FileContent content)
        {
            if (Bytes is null)
            {
                content.SetLength(Position);
            }
            else
            {
                content.Write(Bytes, Position);
            }
        }
    }
}
