using Microsoft.Win32.SafeHandles;

namespace Relay.Client.Spooling;

/// <summary>Where the bytes of a segment are: in a file, or, while the disk takes none, in memory.</summary>
internal interface ISegmentBytes : IDisposable
{
    /// <summary>Writes the parts one behind the other, from front to back.</summary>
    /// <exception cref="IOException">The disk is full, or fails.</exception>
    void Write(IReadOnlyList<ReadOnlyMemory<byte>> parts, long offset);

    /// <returns>How many bytes were read; fewer than asked for at the end, and none where the disk cannot be read.</returns>
    int Read(Span<byte> target, long offset);

    void Delete();
}

/// <summary>A segment's file.</summary>
internal sealed class SegmentFile(string path, SafeFileHandle handle) : ISegmentBytes
{
    public static SegmentFile Open(string path, FileMode mode) =>
        new(path, File.OpenHandle(path, mode, FileAccess.ReadWrite, FileShare.ReadWrite | FileShare.Delete));

    public long Length => RandomAccess.GetLength(handle);

    public void Write(IReadOnlyList<ReadOnlyMemory<byte>> parts, long offset) => RandomAccess.Write(handle, parts, offset);

    public int Read(Span<byte> target, long offset)
    {
        try
        {
            return RandomAccess.Read(handle, target, offset);
        }
        catch (IOException)
        {
            return 0; // The bytes are lost, and become a gap; the rest must go on.
        }
    }

    public void Delete()
    {
        Dispose();
        try
        {
            File.Delete(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // It stays. Whoever finds it offers its bytes to the relay once more, which has them.
        }
    }

    public void Dispose() => handle.Dispose();
}

/// <summary>A segment that found no place on the disk. It does not outlive the process.</summary>
internal sealed class SegmentMemory : ISegmentBytes
{
    private readonly MemoryStream _bytes = new();

    public void Write(IReadOnlyList<ReadOnlyMemory<byte>> parts, long offset)
    {
        _bytes.Position = offset;
        foreach (var part in parts)
        {
            _bytes.Write(part.Span);
        }
    }

    public int Read(Span<byte> target, long offset)
    {
        _bytes.Position = offset;
        return _bytes.Read(target);
    }

    public void CopyTo(SegmentFile file) => file.Write([_bytes.GetBuffer().AsMemory(0, (int)_bytes.Length)], 0);

    public void Delete() => Dispose();

    public void Dispose() => _bytes.Dispose();
}
