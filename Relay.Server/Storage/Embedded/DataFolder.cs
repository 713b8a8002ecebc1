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
    private const string Fresh = ".new";

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
            CreateDurably(files, root);
            held = Lock(files, root);
            CheckFormat(files, Path.Combine(root, "format"));
            var folder = new DataFolder(files, root, held);
            files.CreateFolder(folder.Sessions);
            files.CreateFolder(folder.Tombstones);
            files.CreateFolder(folder.Trash);
            foreach (var gone in files.Folders(folder.Trash))
            {
                files.DeleteFolder(gone);
            }

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

    /// <summary>Notes that an incarnation of a session is gone.</summary>
    public void SaveTombstone(Tombstone tombstone, long incarnation, bool durable)
    {
        var path = TombstonePath(tombstone.Id);
        var note = new TombstoneNote(tombstone.Id, tombstone.Reason, tombstone.At, incarnation, tombstone.Access);
        _files.WriteAllBytes(path + Fresh, JsonSerializer.SerializeToUtf8Bytes(note, StorageJson.Default.TombstoneNote), durable);
        _files.MoveFile(path + Fresh, path);
        if (durable)
        {
            _files.SyncFolder(Tombstones);
        }
    }

    public void RemoveTombstone(string id) => _files.DeleteFile(TombstonePath(id));

    public IEnumerable<(Tombstone Tombstone, long Incarnation)> LoadTombstones()
    {
        foreach (var path in _files.Files(Tombstones))
        {
            TombstoneNote? note = null;
            try
            {
                note = path.EndsWith(Fresh, StringComparison.Ordinal) ? null : JsonSerializer.Deserialize(_files.ReadAllBytes(path), StorageJson.Default.TombstoneNote);
            }
            catch (JsonException)
            {
                // Torn: the session then counts as never having been.
            }

            if (note?.Id is null || TombstonePath(note.Id) != path)
            {
                _files.DeleteFile(path);
            }
            else
            {
                yield return (new Tombstone(note.Id, note.Reason, note.At, note.Access), note.Incarnation);
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
        }
        catch (IOException)
        {
            // A hint, no more. A relay must start on a full disk too: how else would it be emptied?
        }

        return held;
    }

    /// <summary>A folder whose own name is lost with the power takes with it all that was forced to the disk inside.</summary>
    private static void CreateDurably(IFileSystem files, string folder)
    {
        if (files.FolderExists(folder) || Path.GetDirectoryName(folder) is not { Length: > 0 } parent)
        {
            return;
        }

        CreateDurably(files, parent);
        files.CreateFolder(folder);
        files.SyncFolder(parent);
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
