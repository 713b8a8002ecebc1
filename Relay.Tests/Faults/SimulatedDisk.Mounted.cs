using Relay.Server.Storage.Embedded;

namespace Relay.Tests.Faults;

// The calls of one process.
internal sealed partial class SimulatedDisk
{
    private void Call(Mounted process, DiskOperation operation, string path, int bytes = 0)
    {
        if (_mounted != process)
        {
            throw new IOException($"The process that called {operation} {path} is dead.");
        }

        var call = new DiskCall(++_calls, operation, path, bytes);
        if (Inject?.Invoke(call) is { } fault)
        {
            throw new FaultException(fault, call);
        }
    }

    /// <summary>A fault that was injected, on its way to the call that it makes fail.</summary>
    private sealed class FaultException(DiskFault fault, DiskCall call) : IOException(fault.ToException(call).Message, fault.Error)
    {
        public DiskFault Fault => fault;
    }

    private sealed class Mounted(SimulatedDisk disk) : IFileSystem
    {
        private readonly HashSet<string> _locked = new(StringComparer.Ordinal);
        private readonly List<OpenFile> _open = [];

        /// <summary>Paths of what the process has open or locked.</summary>
        public List<string> InUse => [.. _open.Select(file => file.Path), .. _locked];

        public IStoreFile Open(string path, FileMode mode, FileAccess access)
        {
            lock (disk._lock)
            {
                var file = disk.FindFile(path);
                disk.Call(this, file is null && mode != FileMode.Open ? DiskOperation.Create : DiskOperation.Open, path);
                var (folder, name) = disk.Parent(path);
                if (file is null)
                {
                    if (mode == FileMode.Open)
                    {
                        throw new FileNotFoundException($"There is no file {path}.");
                    }

                    file = new SimulatedFile();
                    disk.Change(new NameChange((folder, name, file)));
                }
                else if (mode == FileMode.Create)
                {
                    file.SetLength(0);
                }

                var open = new OpenFile(disk, this, file, path);
                _open.Add(open);
                return open;
            }
        }

        public IDisposable? TryLock(string path)
        {
            lock (disk._lock)
            {
                disk.Call(this, DiskOperation.Open, path);
                var (folder, name) = disk.Parent(path);
                if (!folder.Names.ContainsKey(name))
                {
                    disk.Change(new NameChange((folder, name, new SimulatedFile())));
                }

                return _locked.Add(path) ? new Held(() => _locked.Remove(path)) : null;
            }
        }

        public bool FileExists(string path)
        {
            lock (disk._lock)
            {
                return disk.FindFile(path) is not null;
            }
        }

        public long FileLength(string path)
        {
            lock (disk._lock)
            {
                return disk.FindFile(path)?.Seen.Length ?? throw new FileNotFoundException($"There is no file {path}.");
            }
        }

        public void DeleteFile(string path)
        {
            lock (disk._lock)
            {
                disk.Call(this, DiskOperation.Delete, path);
                var (folder, name) = disk.Parent(path);
                if (folder.Names.GetValueOrDefault(name) is SimulatedFile file)
                {
                    Remove(folder, name, file);
                }
            }
        }

        public void MoveFile(string from, string to)
        {
            lock (disk._lock)
            {
                disk.Call(this, DiskOperation.Move, from);
                var (source, name) = disk.Parent(from);
                var (target, newName) = disk.Parent(to);
                var file = source.Names.GetValueOrDefault(name) as SimulatedFile ?? throw new FileNotFoundException($"There is no file {from}.");
                disk.Change(new NameChange((source, name, null), (target, newName, file)));
            }
        }

        public IEnumerable<string> Files(string folder) => List<SimulatedFile>(folder);

        public bool FolderExists(string path)
        {
            lock (disk._lock)
            {
                return disk.FindFolder(path) is not null;
            }
        }

        public void CreateFolder(string path)
        {
            lock (disk._lock)
            {
                disk.Call(this, DiskOperation.CreateFolder, path);
                disk.MakeFolders(path, durable: false);
            }
        }

        public void MoveFolder(string from, string to)
        {
            lock (disk._lock)
            {
                disk.Call(this, DiskOperation.MoveFolder, from);
                var folder = disk.Folder(from);
                var (source, name) = disk.Parent(from);
                var (target, newName) = disk.Parent(to);
                if (target.Names.ContainsKey(newName))
                {
                    throw new IOException($"{to} exists already.");
                }

                disk.Change(new NameChange((source, name, null), (target, newName, folder)));
            }
        }

        public void DeleteFolder(string path)
        {
            lock (disk._lock)
            {
                disk.Call(this, DiskOperation.DeleteFolder, path);
                var folder = disk.Folder(path);
                foreach (var (name, node) in folder.Names.ToList())
                {
                    if (node is SimulatedFile file)
                    {
                        Remove(folder, name, file);
                    }
                    else
                    {
                        DeleteFolder(Path.Combine(path, name));
                    }
                }

                var (parent, own) = disk.Parent(path);
                disk.Change(new NameChange((parent, own, null)));
            }
        }

        public IEnumerable<string> Folders(string folder) => List<SimulatedFolder>(folder);

        public void SyncFolder(string folder)
        {
            lock (disk._lock)
            {
                disk.Call(this, DiskOperation.SyncFolder, folder);
                var synced = disk.Folder(folder);
                foreach (var change in disk._pending.Where(change => change.Parts.Any(part => part.Folder == synced)))
                {
                    change.Apply(part => part.DurableNames);
                }

                disk._pending.RemoveAll(change => change.Parts.Any(part => part.Folder == synced));
            }
        }

        public void Closed(OpenFile file)
        {
            lock (disk._lock)
            {
                _open.Remove(file);
            }
        }

        private List<string> List<T>(string folder)
        {
            lock (disk._lock)
            {
                disk.Call(this, DiskOperation.List, folder);
                return [.. disk.Folder(folder).Names.Where(entry => entry.Value is T).Select(entry => Path.Combine(folder, entry.Key))];
            }
        }

        private void Remove(SimulatedFolder folder, string name, SimulatedFile file)
        {
            disk._stale = file.Seen.Span[Math.Max(file.Seen.Length - 8 * SimulatedFile.SectorSize, 0)..].ToArray();
            disk.Change(new NameChange((folder, name, null)));
        }

        private sealed class Held(Action release) : IDisposable
        {
            public void Dispose() => release();
        }
    }

    private sealed class OpenFile(SimulatedDisk disk, Mounted process, SimulatedFile file, string path) : IStoreFile
    {
        private bool _isDisposed;

        public string Path => path;

        public long Length
        {
            get
            {
                lock (disk._lock)
                {
                    return file.Seen.Length;
                }
            }
        }

        public int Read(Span<byte> buffer, long position)
        {
            lock (disk._lock)
            {
                Call(DiskOperation.Read, buffer.Length);
                var count = (int)Math.Clamp(file.Seen.Length - position, 0, buffer.Length);
                file.Seen.Span.Slice((int)Math.Min(position, file.Seen.Length), count).CopyTo(buffer);
                return count;
            }
        }

        public void Write(ReadOnlySpan<byte> bytes, long position)
        {
            lock (disk._lock)
            {
                try
                {
                    Call(DiskOperation.Write, bytes.Length);
                }
                catch (FaultException e) when (e.Fault.Done > 0)
                {
                    Put(bytes[..Math.Min(e.Fault.Done, bytes.Length)], position);
                    throw;
                }

                var room = disk.Capacity == long.MaxValue ? bytes.Length : (int)Math.Clamp(file.Seen.Length + disk.Capacity - disk.Used - position, 0, bytes.Length);
                Put(bytes[..room], position);
                if (room < bytes.Length)
                {
                    throw DiskFault.NoSpace.ToException(new DiskCall(disk._calls, DiskOperation.Write, path, bytes.Length));
                }
            }
        }

        public void SetLength(long length)
        {
            lock (disk._lock)
            {
                Call(DiskOperation.SetLength);
                file.SetLength((int)length);
            }
        }

        public void Sync()
        {
            lock (disk._lock)
            {
                try
                {
                    Call(DiskOperation.Sync);
                    file.Sync();
                }
                catch (FaultException)
                {
                    file.FailSync();
                    throw;
                }
            }
        }

        public void Dispose()
        {
            _isDisposed = true;
            process.Closed(this);
        }

        private void Call(DiskOperation operation, int bytes = 0)
        {
            ObjectDisposedException.ThrowIf(_isDisposed, this);
            disk.Call(process, operation, path, bytes);
        }

        private void Put(ReadOnlySpan<byte> bytes, long position)
        {
            file.Write(bytes, (int)position);
        }
    }
}
