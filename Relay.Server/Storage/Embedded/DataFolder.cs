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

    // How "someone else has it open" comes from each system.
    private const int WouldBlockOnLinux = 11;
    private const int WouldBlockOnBsd = 35;
    private const int SharingViolation = 32;
    private readonly FileStream _lock;

    private DataFolder(string root, FileStream @lock) => (Root, _lock) = (root, @lock);

    public string Root { get; }

    public string Sessions => Path.Combine(Root, "sessions");

    public string Trash => Path.Combine(Root, "trash");

    public string Quarantine => Path.Combine(Root, "quarantine");

    private string Tombstones => Path.Combine(Root, "tombstones");

    /// <summary>Opens or creates the folder.</summary>
    /// <exception cref="StoreUnavailableException">Another relay uses it, it is of a newer format, or it cannot be written.</exception>
    public static DataFolder Open(string root)
    {
        FileStream? held = null;
        try
        {
            Directory.CreateDirectory(root);
            held = Lock(root);
            CheckFormat(Path.Combine(root, "format"));
            var folder = new DataFolder(root, held);
            Directory.CreateDirectory(folder.Sessions);
            Directory.CreateDirectory(folder.Tombstones);
            if (Directory.Exists(folder.Trash))
            {
                Directory.Delete(folder.Trash, recursive: true);
            }

            Directory.CreateDirectory(folder.Trash);
            FolderSync.Sync(root);
            return folder;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
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

    public void SaveTombstone(Tombstone tombstone) => File.WriteAllBytes(
        TombstonePath(tombstone.Id),
        JsonSerializer.SerializeToUtf8Bytes(new TombstoneNote(tombstone.Id, tombstone.Reason, tombstone.At), StorageJson.Default.TombstoneNote));

    public void RemoveTombstone(string id) => File.Delete(TombstonePath(id));

    public IEnumerable<Tombstone> LoadTombstones()
    {
        foreach (var path in Directory.EnumerateFiles(Tombstones))
        {
            TombstoneNote? note = null;
            try
            {
                note = JsonSerializer.Deserialize(File.ReadAllBytes(path), StorageJson.Default.TombstoneNote);
            }
            catch (JsonException)
            {
                File.Delete(path); // Torn by a crash: the session then counts as never having been.
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

    private static FileStream Lock(string root)
    {
        var path = Path.Combine(root, "relay.lock");
        var holder = Path.Combine(root, "relay.pid");
        FileStream held;
        try
        {
            held = new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None, bufferSize: 1);
        }
        catch (IOException e) when ((e.HResult & 0xFFFF) is WouldBlockOnLinux or WouldBlockOnBsd or SharingViolation)
        {
            var process = File.Exists(holder) ? $" (process {File.ReadAllText(holder).Trim()})" : "";
            throw new StoreUnavailableException(
                $"The data folder {root} is in use by another relay{process}. Stop that one, or give this one a folder of its own with --data.", e);
        }

        File.WriteAllText(holder, $"{Environment.ProcessId}\n");
        return held;
    }

    private static void CheckFormat(string path)
    {
        var text = File.Exists(path) ? File.ReadAllText(path).Trim() : "";
        if (text.Length == 0)
        {
            File.WriteAllText(path, $"{CurrentFormat}\n"); // New, or its first start was cut short.
            return;
        }

        if (!int.TryParse(text, out var format) || format > CurrentFormat)
        {
            throw new StoreUnavailableException(
                $"{path} says format '{text}'; this relay knows formats up to {CurrentFormat}. Use a newer relay, or another folder with --data.", null);
        }
    }
}

/// <summary>The store cannot be opened; the message says why and what to do.</summary>
internal sealed class StoreUnavailableException(string message, Exception? innerException) : Exception(message, innerException);
