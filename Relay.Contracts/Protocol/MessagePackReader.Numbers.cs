using System.Buffers.Binary;

namespace Relay.Contracts.Protocol;

/// <content>
/// Numbers. An integer is taken from any encoding that holds it exactly, floats included: the peer's language
/// (JavaScript above all) may know one type of number only.
/// </content>
internal ref partial struct MessagePackReader
{
    public long ReadInt64()
    {
        var code = ReadCode();
        return code switch
        {
            <= MessagePackCode.MaxPositiveFixInt => code,
            >= MessagePackCode.MinNegativeFixInt => (sbyte)code,
            MessagePackCode.UInt8 => TakeByte(),
            MessagePackCode.UInt16 => TakeUInt16(),
            MessagePackCode.UInt32 => TakeUInt32(),
            MessagePackCode.UInt64 => TakeUInt64() is var value and <= long.MaxValue ? (long)value : throw OutOfRange("a 64-bit integer"),
            MessagePackCode.Int8 => (sbyte)TakeByte(),
            MessagePackCode.Int16 => (short)TakeUInt16(),
            MessagePackCode.Int32 => (int)TakeUInt32(),
            MessagePackCode.Int64 => (long)TakeUInt64(),
            MessagePackCode.Float32 => Exactly(TakeSingle()),
            MessagePackCode.Float64 => Exactly(TakeDouble()),
            _ => throw Unexpected("an integer"),
        };
    }

    public int ReadInt32() => ReadInt64() is var value and >= int.MinValue and <= int.MaxValue ? (int)value : throw OutOfRange("a 32-bit integer");

    public uint ReadUInt32() => ReadInt64() is var value and >= 0 and <= uint.MaxValue ? (uint)value : throw OutOfRange("an unsigned 32-bit integer");

    public double ReadDouble()
    {
        switch (PeekCode())
        {
            case MessagePackCode.Float32:
                _position++;
                return TakeSingle();
            case MessagePackCode.Float64:
                _position++;
                return TakeDouble();
            default:
                return ReadInt64();
        }
    }

    private readonly long Exactly(double value)
    {
        // 2^63 is a double, long.MaxValue is not: hence the strict comparison. It is false for NaN too.
        const double limit = 9223372036854775808.0;
        return value is >= -limit and < limit && Math.Truncate(value) == value ? (long)value : throw OutOfRange("an integer");
    }

    private ulong TakeUInt64() => BinaryPrimitives.ReadUInt64BigEndian(Take(sizeof(ulong)));

    private float TakeSingle() => BinaryPrimitives.ReadSingleBigEndian(Take(sizeof(float)));

    private double TakeDouble() => BinaryPrimitives.ReadDoubleBigEndian(Take(sizeof(double)));

    private readonly InvalidDataException OutOfRange(string expected) =>
        new($"The number before byte {_position} of the message does not fit {expected}.");
}
