using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Relay.Server.Storage;
using Relay.Server.Storage.Embedded;
using Relay.Tests.TestKit;

namespace Relay.Tests.Storage;

/// <summary>
/// An embedded store in a folder of its own, with a clock to steer. A killed relay is played by a copy of its folder: what it had handed to the
/// system is in the copy, what only it knew is not. A power loss is played by cutting the copied files back to what had been forced to the disk.
/// </summary>
internal sealed class StoreOnDisk : IAsyncDisposable
{
    private readonly List<TempFolder> _folders = [];
    private EmbeddedLogStore? _store;

    public StoreOnDisk(Action<StorageOptions>? configure = null)
    {
        configure?.Invoke(Options);
        Options.DataFolder = NewFolder();
    }

    public FakeTime Time { get; init; } = new();

    public StorageOptions Options { get; } = new();

    public string Folder => Options.DataFolder;

    /// <summary>What the store has logged.</summary>
    public LogLines Log { get; } = new();

    public EmbeddedLogStore Store => _store ??= Open();

    public static async Task<(StoreOnDisk Disk, EmbeddedSessionLog Log)> WithSession(Action<StorageOptions>? configure = null)
    {
        var disk = new StoreOnDisk(configure);
        return (disk, (EmbeddedSessionLog)await disk.Store.NewSession());
    }

    /// <summary>Opens one more store on the same folder, whether that is right or not.</summary>
    public EmbeddedLogStore Open() => Open(Options, Time, Log, new LocalFileSystem());

    /// <summary>A store with a flusher of its own.</summary>
    public static EmbeddedLogStore Open(StorageOptions options, TimeProvider time, LogLines log, IFileSystem files)
    {
        var wrapped = Microsoft.Extensions.Options.Options.Create(options);
        return new EmbeddedLogStore(wrapped, time, log, files, new Flusher(wrapped, time, log));
    }

    public async Task<EmbeddedSessionLog> Session(string id = "nightly") => (EmbeddedSessionLog)await Store.Session(id);

    public async Task StopAsync()
    {
        if (_store is { } store)
        {
            _store = null;
            await store.DisposeAsync();
        }
    }

    /// <summary>The next store finds the folder as it is in this moment.</summary>
    /// <param name="damage">What else happens to the files before.</param>
    public async Task KillAsync(Action? damage = null)
    {
        var copy = CopyOf(Folder);
        await StopAsync();
        Options.DataFolder = copy;
        Log.Clear();
        damage?.Invoke();
    }

    /// <summary>Files of the only session, oldest first.</summary>
    public IReadOnlyList<string> Segments() => [.. Directory.EnumerateFiles(SessionFolder(), "*.log").Order(StringComparer.Ordinal)];

    public string SessionFolder() => Directory.EnumerateDirectories(Path.Combine(Folder, "sessions")).Single();

    public string ManifestPath() => Path.Combine(SessionFolder(), SessionManifest.FileName);

    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        foreach (var folder in _folders)
        {
            folder.Dispose();
        }
    }

    /// <summary>How far a segment file is durable by its own account.</summary>
    public static Watermark WatermarkOf(string segment)
    {
        var page = new byte[SegmentHeader.PageSize];
        using var file = File.OpenRead(segment);
        file.ReadExactly(page);
        return SegmentHeader.Read(page)!.ReadWatermark(page);
    }

    /// <summary>What a power loss leaves of a segment at worst.</summary>
    public static void CutToDurable(string segment)
    {
        using var file = File.Open(segment, FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite);
        file.SetLength(WatermarkOf(segment).Position);
    }

    private string CopyOf(string folder)
    {
        var copy = NewFolder();
        foreach (var path in Directory.EnumerateDirectories(folder, "*", SearchOption.AllDirectories))
        {
            Directory.CreateDirectory(Path.Combine(copy, Path.GetRelativePath(folder, path)));
        }

        foreach (var path in Directory.EnumerateFiles(folder, "*", SearchOption.AllDirectories).Where(path => Path.GetFileName(path) != "relay.lock"))
        {
            using var source = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
            using var target = File.Create(Path.Combine(copy, Path.GetRelativePath(folder, path)));
            source.CopyTo(target);
        }

        return copy;
    }

    private string NewFolder()
    {
        _folders.Add(new TempFolder());
        return _folders[^1]["data"];
    }
}

/// <summary>Keeps what a component logs.</summary>
internal sealed class LogLines : ILogger<EmbeddedLogStore>, ILogger<Flusher>
{
    private readonly ConcurrentQueue<string> _lines = new();

    public IReadOnlyCollection<string> Lines => _lines;

    public void Clear() => _lines.Clear();

    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel) => true;

    public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
        _lines.Enqueue($"{logLevel}: {formatter(state, exception)}");

    public override string ToString() => string.Join(Environment.NewLine, _lines);
}
