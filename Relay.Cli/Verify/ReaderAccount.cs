using Relay.Contracts;

namespace Relay.Cli.Verify;

/// <summary>Bytes of one output that did not reach this reader. Without a reason the relay left them out and did not say so.</summary>
internal readonly record struct MissingBytes(long Offset, long Length, GapReason Reason);

/// <summary>What this reader was given of one output, read from the beginning.</summary>
/// <param name="output">The output.</param>
/// <param name="ownOffset">Where the bytes of the run that completed begin; they are summed up apart.</param>
internal sealed class ReaderAccount(OutputType output, long ownOffset)
{
    /// <summary>How many gaps are kept one by one. A log with more is beyond listing.</summary>
    private const int MaxGaps = 10_000;

    private readonly List<MissingBytes> _gaps = [];

    public OutputType Output => output;

    /// <summary>Offset of the next byte: what was given and what is missing.</summary>
    public long Position { get; private set; }

    public long Received { get; private set; }

    /// <summary>Over the bytes that were given, in order.</summary>
    public uint Crc32C { get; private set; }

    /// <summary>The same, from <c>ownOffset</c> on.</summary>
    public uint OwnCrc32C { get; private set; }

    public IReadOnlyList<MissingBytes> Gaps => _gaps;

    public long GapCount { get; private set; }

    /// <summary>Bytes are missing that the relay once had, so that its checksum covers them and this reader's does not.</summary>
    public bool LacksStoredBytes { get; private set; }

    /// <summary>Bytes came twice or out of order, which no reader may ever see.</summary>
    public bool IsOutOfOrder { get; private set; }

    public void Take(LogEntry data)
    {
        if (data.Offset > Position)
        {
            Miss(new MissingBytes(Position, data.Offset - Position, GapReason.None));
        }

        IsOutOfOrder |= data.Offset < Position;
        var own = (int)Math.Clamp(ownOffset - data.Offset, 0, data.Data.Length);
        Crc32C = Contracts.Crc32C.Append(Crc32C, data.Data.Span);
        OwnCrc32C = Contracts.Crc32C.Append(OwnCrc32C, data.Data.Span[own..]);
        Received += data.Data.Length;
        Position = data.Offset + data.Data.Length;
    }

    public void Skip(LogEntry gap)
    {
        if (gap.Offset > Position)
        {
            Miss(new MissingBytes(Position, gap.Offset - Position, GapReason.None));
        }

        IsOutOfOrder |= gap.Offset < Position;
        Miss(new MissingBytes(gap.Offset, gap.Length, gap.Gap));
    }

    private void Miss(MissingBytes missing)
    {
        GapCount++;
        LacksStoredBytes |= missing.Reason != GapReason.LostByWriter;
        Position = missing.Offset + missing.Length;
        if (_gaps is [.., var last] && last.Reason == missing.Reason && last.Offset + last.Length == missing.Offset)
        {
            _gaps[^1] = last with { Length = last.Length + missing.Length };
            GapCount--;
        }
        else if (_gaps.Count < MaxGaps)
        {
            _gaps.Add(missing);
        }
    }
}
