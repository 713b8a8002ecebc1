using System.Buffers.Binary;
using System.Runtime.CompilerServices;
using Relay.Contracts;

namespace Relay.Server.Storage.Embedded;

/// <summary>How far one output has come.</summary>
internal record struct OutputTally(long Length, long Lines, uint Crc);

/// <summary>One tally for each output the format has room for; the third place is kept for structured logs.</summary>
[InlineArray(Capacity)]
internal struct OutputTallies
{
    public const int Capacity = 3;
    private OutputTally _first;
}

/// <summary>
/// Where a log stands between two records.
/// <code>
///  0  i64  sequence of the last record
///  8  3 × { i64 length, i64 lines, u32 running crc-32c, u32 zero }
/// </code>
/// </summary>
internal record struct LogTally
{
    public const int Size = 8 + (OutputTallies.Capacity * 24);

    public long Sequence;
    public OutputTallies Outputs;

    public OutputTally this[OutputType output]
    {
        readonly get => Outputs[(int)output - 1];
        set => Outputs[(int)output - 1] = value;
    }

    /// <summary>Takes a record into account. Positions come from the record itself, so that the tally is right again after a damaged one.</summary>
    public void Apply(in RecordHeader header, long gapLength)
    {
        Sequence = header.Sequence;
        if (header.Kind is RecordKind.Data or RecordKind.Gap)
        {
            var length = header.Kind == RecordKind.Gap ? gapLength : header.PayloadLength;
            this[header.Output] = new OutputTally(header.Offset + length, this[header.Output].Lines + header.Newlines, header.RunningCrc);
        }
    }

    /// <summary>Whether both count the same bytes and lines.</summary>
    public readonly bool AgreesWith(in LogTally other)
    {
        for (var i = 0; i < OutputTallies.Capacity; i++)
        {
            if (Outputs[i] != other.Outputs[i])
            {
                return false;
            }
        }

        return true;
    }

    public readonly void Write(Span<byte> target)
    {
        BinaryPrimitives.WriteInt64LittleEndian(target, Sequence);
        for (var i = 0; i < OutputTallies.Capacity; i++)
        {
            var slot = target[(8 + (i * 24))..];
            BinaryPrimitives.WriteInt64LittleEndian(slot, Outputs[i].Length);
            BinaryPrimitives.WriteInt64LittleEndian(slot[8..], Outputs[i].Lines);
            BinaryPrimitives.WriteUInt32LittleEndian(slot[16..], Outputs[i].Crc);
            BinaryPrimitives.WriteUInt32LittleEndian(slot[20..], 0);
        }
    }

    public static LogTally Read(ReadOnlySpan<byte> source)
    {
        var tally = new LogTally { Sequence = BinaryPrimitives.ReadInt64LittleEndian(source) };
        for (var i = 0; i < OutputTallies.Capacity; i++)
        {
            var slot = source[(8 + (i * 24))..];
            tally.Outputs[i] = new OutputTally(
                BinaryPrimitives.ReadInt64LittleEndian(slot),
                BinaryPrimitives.ReadInt64LittleEndian(slot[8..]),
                BinaryPrimitives.ReadUInt32LittleEndian(slot[16..]));
        }

        return tally;
    }
}
