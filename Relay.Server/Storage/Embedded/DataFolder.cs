using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Relay.Contracts;

namespace Relay.Server.Storage.Embedded;

/// <summary>
/// The store's place on disk, held exclusively while the relay runs.
/// <code>
/// relay.lock     held open by the relay that uses the folder
/// relay.pid      its process
/// format         format version of the folder
/// sessions/      a folder per session, named by the SHA-256 of its id
/// tombstones/    a file per session that is gone and still remembered
/// trash/         sessions that are gone and still being read
/// quarantine/    copies of damaged files
/// </code>
/// </summary>
internal sealed class DataFolder : IDisposable
{
    private const int CurrentFormat = 1;

    private readonly IFileSystem _files;
    private readonly IDisposable _lock;

    private DataFolder(IFileSystem files, string root, IDisposable @lock) => (_files, Root, _lock) = (files, root, @lock);

    public string Root { get; }

    public string Sessions => Path.Combine(Root, "sessions");

    public string Trash => Path.Combine(Root, "trash");

    public string Quarantine => Path.Combine(Root, "quarantine");

    private string Tombstones => Path.Combine(Root, "tombstones");

    /// <summary>Opens or creates the folder.</summary>
    /// <exception cref="StoreUnavailableException">Another relay uses it, it is of a newer format, or it cannot be written.</exception>
    public static DataFolder Open(IFileSystem files, string root)
    {
        IDisposable? held = null;
        try
        {
            files.CreateFolder(root);
            held = Lock(files, root);
            CheckFormat(files, Path.Combine(root, "format"));
            var folder = new DataFolder(files, root, held);
            files.CreateFolder(folder.Sessions);
            files.CreateFolder(folder.Tombstones);
            if (files.FolderExists(folder.Trash))
            {
                files.DeleteFolder(folder.Trash);
            }

            files.CreateFolder(folder.Trash);
            files.SyncFolder(root);
            return folder;
        }
        catch (IOException e)
        {
            held?.Dispose();
            throw new StoreUnavailableException($"The data folder {root} cannot be used: {e.Message}", e);
        }
        catch
        {
            held?.Dispose();
            throw;
        }
    }

    /// <summary>Folder of a session. The id itself never becomes a name on disk.</summary>
    public string SessionFolder(string id) => Path.Combine(Sessions, NameOf(id));

    /// <param name="tombstone">What is remembered.</param>
    /// <param name="durable">Force it to the disk before it counts.</param>
    public void SaveTombstone(Tombstone tombstone, bool durable)
    {
        var note = new TombstoneNote(tombstone.Id, tombstone.Reason, tombstone.At);
        _files.WriteAllBytes(TombstonePath(tombstone.Id), JsonSerializer.SerializeToUtf8Bytes(note, StorageJson.Default.TombstoneNote), durable);
        if (durable)
        {
            _files.SyncFolder(Tombstones);
        }
    }

    public void RemoveTombstone(string id) => _files.DeleteFile(TombstonePath(id));

    public IEnumerable<Tombstone> LoadTombstones()
    {
        foreach (var path in _files.Files(Tombstones))
        {
            TombstoneNote? note = null;
            try
            {
                note = JsonSerializer.Deserialize(_files.ReadAllBytes(path), StorageJson.Default.TombstoneNote);
            }
            catch (JsonException)
            {
                _files.DeleteFile(path); // Torn by a crash: the session then counts as never having been.
            }

            if (note is not null)
            {
                yield return new Tombstone(note.Id, note.Reason, note.At);
            }
        }
    }

    public void Dispose() => _lock.Dispose();

    private string TombstonePath(string id) => Path.Combine(Tombstones, NameOf(id) + ".json");

    private static string NameOf(string id) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(id)));

    private static IDisposable Lock(IFileSystem files, string root)
    {
        var holder = Path.Combine(root, "relay.pid");
        if (files.TryLock(Path.Combine(root, "relay.lock")) is not { } held)
        {
            var process = files.FileExists(holder) ? $" (process {ReadText(files, holder)})" : "";
            throw new StoreUnavailableException(
                $"The data folder {root} is in use by another relay{process}. Stop that one, or give this one a folder of its own with --data.", null);
        }

        try
        {
            files.WriteAllBytes(holder, Encoding.ASCII.GetBytes($"{Environment.ProcessId}\n"));
            return held;
        }
        catch
        {
            held.Dispose();
            throw;
        }
    }

    private static void CheckFormat(IFileSystem files, string path)
    {
        var text = files.FileExists(path) ? ReadText(files, path) : "";
        if (text.Length == 0)
        {
            files.WriteAllBytes(path, Encoding.ASCII.GetBytes($"{CurrentFormat}\n")); // New, or its first start was cut short.
            return;
        }

        if (!int.TryParse(text, out var format) || format > CurrentFormat)
        {
            throw new StoreUnavailableException(
                $"{path} says format '{text}'; this relay knows formats up to {CurrentFormat}. Use a newer relay, or another folder with --data.", null);
        }
    }

    private static string ReadText(IFileSystem files, string path) => Encoding.UTF8.GetString(files.ReadAllBytes(path)).Trim();
}

/// <summary>The store cannot be opened; the message says why and what to do.</summary>
internal sealed class StoreUnavailableException(string message, Exception? innerException) : Exception(message, innerException);
