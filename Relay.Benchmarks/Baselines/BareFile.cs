using Microsoft.Win32.SafeHandles;

namespace Relay.Benchmarks.Baselines;

/// <summary>The least that a durable store does: what comes is appended to a file, and each 8 MiB are synced beside it. Nobody could find anything in it.</summary>
internal sealed class BareFile : IAsyncDisposable
{
    private const long SyncBytes = 8 * 1024 * 1024;

    private readonly SafeFileHandle _file = File.OpenHandle(
        Path.Combine(Path.GetTempPath(), $"relay-benchmarks-{Guid.NewGuid():N}"), FileMode.CreateNew, FileAccess.Write, FileShare.None, FileOptions.DeleteOnClose);

    private long _length;
    private long _synced;
    private Task _syncing = Task.CompletedTask;

    public void Append(ReadOnlySpan<byte> bytes)
    {
        RandomAccess.Write(_file, bytes, _length);
        _length += bytes.Length;
        if (_length - _synced >= SyncBytes && _syncing.IsCompleted)
        {
            _synced = _length;
            _syncing = Task.Run(() => RandomAccess.FlushToDisk(_file));
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _syncing;
        _file.Dispose();
    }
}
