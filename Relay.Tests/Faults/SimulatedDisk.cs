using Relay.Server.Storage.Embedded;

namespace Relay.Tests.Faults;

/// <summary>
/// A disk in memory that does what POSIX allows: names and bytes that were not synced may be lost in a power loss, in any
/// order and torn at 512 bytes. Only a renaming from one folder to another is never half there. Calls can be made to fail, and the disk can be full. A process uses it through <see cref="Mount"/> and is
/// gone when the next one does, or after <see cref="LosePower"/>: what it still calls fails.
/// </summary>
internal sealed partial class SimulatedDisk
{
    private readonly Lock _lock = new();
    private readonly List<NameChange> _pending = [];
    private SimulatedFolder _root = new();
    private byte[] _stale = [];
    private Mounted? _mounted;
    private int _calls;

    /// <summary>Asked before each call; what it returns is how the call fails.</summary>
    public Func<DiskCall, DiskFault?>? Inject { get; set; }

    /// <summary>Bytes that fit. Default: no limit.</summary>
    public long Capacity { get; set; } = long.MaxValue;

    /// <summary>Calls so far.</summary>
    public int Calls => Volatile.Read(ref _calls);

    /// <summary>Bytes in files that have a name.</summary>
    public long Used
    {
        get
        {
            lock (_lock)
            {
                var files = new HashSet<SimulatedFile>(ReferenceEqualityComparer.Instance); // One may have several names, after a power loss amid a renaming.
                Collect(_root, files);
                return files.Sum(file => (long)file.Seen.Length);
            }

            static void Collect(SimulatedFolder folder, HashSet<SimulatedFile> files)
            {
                foreach (var node in folder.Names.Values)
                {
                    if (node is SimulatedFile file)
                    {
                        files.Add(file);
                    }
                    else
                    {
                        Collect((SimulatedFolder)node, files);
                    }
                }
            }
        }
    }

    /// <summary>Paths of what the process has open or locked.</summary>
    public IReadOnlyList<string> InUse
    {
        get
        {
            lock (_lock)
            {
                return _mounted?.InUse ?? [];
            }
        }
    }

    /// <summary>The disk for a new process. The one before is killed: what it wrote is there, its locks are free.</summary>
    public IFileSystem Mount()
    {
        lock (_lock)
        {
            return _mounted = new Mounted(this);
        }
    }

    /// <summary>The process dies and all that was not synced is in doubt.</summary>
    public void LosePower(Random random)
    {
        lock (_lock)
        {
            _mounted = null;
            LoseNames(random);
            var images = new Dictionary<SimulatedFile, SimulatedFile>(ReferenceEqualityComparer.Instance);
            _root = AfterPowerLoss(_root, random, images);
        }
    }

    /// <summary>Puts a file on the medium, as if it had always been there.</summary>
    public void Put(string path, byte[] content)
    {
        lock (_lock)
        {
            var folder = MakeFolders(Path.GetDirectoryName(path)!, durable: true);
            var file = new SimulatedFile(new FileContent(content));
            folder.Names[Path.GetFileName(path)] = file;
            folder.DurableNames[Path.GetFileName(path)] = file;
        }
    }

    /// <summary>Every file with what a program would read.</summary>
    public IReadOnlyDictionary<string, byte[]> Files()
    {
        lock (_lock)
        {
            var files = new SortedDictionary<string, byte[]>(StringComparer.Ordinal);
            Collect(_root, "/", files);
            return files;
        }

        static void Collect(SimulatedFolder folder, string path, SortedDictionary<string, byte[]> files)
        {
            foreach (var (name, node) in folder.Names)
            {
                if (node is SimulatedFile file)
                {
                    files[Path.Combine(path, name)] = file.Seen.Span.ToArray();
                }
                else
                {
                    Collect((SimulatedFolder)node, Path.Combine(path, name), files);
                }
            }
        }
    }

    private void LoseNames(Random random)
    {
        // Most file systems keep the order of such changes; POSIX promises none.
        var share = random.Next(4) switch { 0 => 0.0, 1 => 1.0, _ => random.NextDouble() };
        var oldest = random.Next(2) == 0 ? random.Next(_pending.Count + 1) : 0;
        for (var i = 0; i < _pending.Count; i++)
        {
            if (i < oldest || random.NextDouble() < share)
            {
                _pending[i].Apply(folder => folder.DurableNames);
            }
        }

        _pending.Clear();
    }

    private SimulatedFolder AfterPowerLoss(SimulatedFolder folder, Random random, Dictionary<SimulatedFile, SimulatedFile> images)
    {
        var image = new SimulatedFolder();
        foreach (var (name, node) in folder.DurableNames)
        {
            object after;
            if (node is SimulatedFile file)
            {
                if (!images.TryGetValue(file, out var known))
                {
                    images[file] = known = file.AfterPowerLoss(random, _stale);
                }

                after = known;
            }
            else
            {
                after = AfterPowerLoss((SimulatedFolder)node, random, images);
            }

            image.Names[name] = image.DurableNames[name] = after;
        }

        return image;
    }

    private SimulatedFolder MakeFolders(string path, bool durable)
    {
        var folder = _root;
        foreach (var name in Split(path))
        {
            if (!folder.Names.TryGetValue(name, out var next))
            {
                next = new SimulatedFolder();
                if (durable)
                {
                    folder.Names[name] = folder.DurableNames[name] = next;
                }
                else
                {
                    Change(new NameChange((folder, name, next)));
                }
            }

            folder = next as SimulatedFolder ?? throw new IOException($"{path} is not a folder.");
        }

        return folder;
    }

    private SimulatedFolder? FindFolder(string path)
    {
        var folder = _root;
        foreach (var name in Split(path))
        {
            if (folder.Names.GetValueOrDefault(name) is not SimulatedFolder next)
            {
                return null;
            }

            folder = next;
        }

        return folder;
    }

    private SimulatedFolder Folder(string path) => FindFolder(path) ?? throw new DirectoryNotFoundException($"There is no folder {path}.");

    private (SimulatedFolder Folder, string Name) Parent(string path) => (Folder(Path.GetDirectoryName(path)!), Path.GetFileName(path));

    private SimulatedFile? FindFile(string path) => FindFolder(Path.GetDirectoryName(path)!)?.Names.GetValueOrDefault(Path.GetFileName(path)) as SimulatedFile;

    private void Change(NameChange change)
    {
        change.Apply(folder => folder.Names);
        _pending.Add(change);
    }

    private static string[] Split(string path) => path.Split('/', StringSplitOptions.RemoveEmptyEntries);
}
