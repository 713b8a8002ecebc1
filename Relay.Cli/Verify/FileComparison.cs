using Relay.Contracts;

namespace Relay.Cli.Verify;

/// <summary>
/// Compares an output with a local file, byte for byte, while it is read. The file is read once from its beginning to its end, so it may be a pipe.
/// </summary>
internal sealed class FileComparison : IDisposable
{
    private const int BlockBytes = 64 * 1024;
    private readonly FileStream _file;
    private readonly byte[] _block = new byte[BlockBytes];
    private long _position;

    private FileComparison(FileStream file, string path, OutputType output) => (_file, Path, Output) = (file, path, output);

    public string Path { get; }

    public OutputType Output { get; }

    /// <summary>Offset of the first byte that is not the same, or that only one of the two has; null while there is none.</summary>
    public long? FirstDifference { get; private set; }

    /// <summary>At the first difference the file has no byte.</summary>
    public bool FileIsShorter { get; private set; }

    /// <summary>At the first difference the output has no byte.</summary>
    public bool FileIsLonger { get; private set; }

    /// <exception cref="UnreadableFileException">It cannot be opened.</exception>
    public static FileComparison Open(string path, OutputType output)
    {
        try
        {
            return new FileComparison(new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete, BlockBytes), path, output);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException)
        {
            throw new UnreadableFileException(e);
        }
    }

    public void Take(LogEntry data) => Advance(data.Offset + data.Data.Length, data.Data, data.Offset);

    /// <summary>What is missing cannot be compared: the file's bytes in its place are passed over.</summary>
    public void Skip(LogEntry gap) => Advance(gap.Offset + gap.Length, default, gap.Offset + gap.Length);

    /// <summary>The output is at its end: so must be the file.</summary>
    public void End()
    {
        if (FirstDifference is null && Read(1) > 0)
        {
            FirstDifference = _position;
            FileIsLonger = true;
        }
    }

    public void Dispose() => _file.Dispose();

    private void Advance(long to, ReadOnlyMemory<byte> expected, long expectedFrom)
    {
        while (FirstDifference is null && _position < to)
        {
            // Up to where the output's bytes begin everything is passed over, from there on compared.
            var compare = _position >= expectedFrom;
            var count = Read((int)Math.Min(BlockBytes, (compare ? to : expectedFrom) - _position));
            var common = compare ? _block.AsSpan(0, count).CommonPrefixLength(expected.Span[(int)(_position - expectedFrom)..]) : count;
            if (count == 0 || common < count)
            {
                FirstDifference = _position + common;
                FileIsShorter = count == 0;
            }

            _position += count;
        }
    }

    private int Read(int count)
    {
        try
        {
            return _file.Read(_block.AsSpan(0, count));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new UnreadableFileException(e);
        }
    }
}

/// <summary>The file of <c>--against</c> cannot be read.</summary>
internal sealed class UnreadableFileException(Exception cause) : Exception($"--against must be a file that can be read: {cause.Message}", cause);
