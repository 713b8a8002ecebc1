using Relay.Contracts;

namespace Relay.Client.Spooling;

/// <summary>Makes records of bytes that stay where they are: the headers are written between them.</summary>
internal sealed class RecordWriter
{
    private const int MostRecords = (SpoolBlock.Size + Writing.ReplayBuffer.MaxItemBytes - 1) / Writing.ReplayBuffer.MaxItemBytes;

    private readonly byte[] _headers = new byte[MostRecords * SpoolRecord.HeaderBytes];
    private readonly List<ReadOnlyMemory<byte>> _parts = new((2 * MostRecords) + 1);

    /// <summary>What is to be written, one part behind the other. Valid until the next call.</summary>
    public IReadOnlyList<ReadOnlyMemory<byte>> Parts => _parts;

    /// <summary>How many bytes that is.</summary>
    public int Bytes { get; private set; }

    /// <summary>Where the output stands behind it.</summary>
    public SpoolLane After { get; private set; }

    public static int BytesFor(int bytes, int checkpointBytes) =>
        ((bytes + Writing.ReplayBuffer.MaxItemBytes - 1) / Writing.ReplayBuffer.MaxItemBytes * SpoolRecord.HeaderBytes) + bytes + checkpointBytes;

    /// <param name="output">The output.</param>
    /// <param name="before">Where it stands.</param>
    /// <param name="bytes">At least one, at most <see cref="SpoolBlock.Size"/>.</param>
    /// <param name="checkpoint">Goes with the last record.</param>
    public void Make(OutputType output, SpoolLane before, ReadOnlyMemory<byte> bytes, ReadOnlyMemory<byte> checkpoint)
    {
        _parts.Clear();
        Bytes = BytesFor(bytes.Length, checkpoint.Length);
        After = before;
        while (!bytes.IsEmpty)
        {
            var body = bytes[..Math.Min(bytes.Length, Writing.ReplayBuffer.MaxItemBytes)];
            bytes = bytes[body.Length..];
            Add(output, body, bytes.IsEmpty ? checkpoint : default);
        }
    }

    private void Add(OutputType output, ReadOnlyMemory<byte> body, ReadOnlyMemory<byte> checkpoint)
    {
        var crc = Crc32C.Append(0, body.Span);
        After = After.After(body.Span, crc);
        var header = _headers.AsMemory(_parts.Count / 2 * SpoolRecord.HeaderBytes, SpoolRecord.HeaderBytes);
        _parts.Add(header);
        _parts.Add(body);
        if (!checkpoint.IsEmpty)
        {
            After = After with { Checkpoint = checkpoint };
            crc = Crc32C.Append(crc, checkpoint.Span);
            _parts.Add(checkpoint);
        }

        SpoolRecord.WriteHeader(header.Span, output, After, body.Length, checkpoint.Length, crc);
    }
}
