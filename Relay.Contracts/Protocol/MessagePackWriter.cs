using System.Buffers.Binary;
using System.Text;

namespace Relay.Contracts.Protocol;

/// <summary>
/// Writes MessagePack values, always in their shortest form. Without a destination it only counts, so the same code runs twice:
/// first to learn the size of a message, then to write it into one span of exactly that size.
/// </summary>
internal ref struct MessagePackWriter
{
    private readonly Span<byte> _destination;
    private readonly bool _counts;

    /// <summary>Counts only.</summary>
    public MessagePackWriter() => _counts = true;

    public MessagePackWriter(Span<byte> destination) => _destination = destination;

    /// <summary>Bytes written or counted so far.</summary>
    public int Length { get; private set; }

    public void WriteNil() => WriteCode(MessagePackCode.Nil);

    public void Write(bool value) => WriteCode(value ? MessagePackCode.True : MessagePackCode.False);

    public void Write(long value)
    {
        switch (value)
        {
            case >= 0:
                WriteUnsigned((ulong)value);
                break;
            case >= -32:
                WriteCode(unchecked((byte)value));
                break;
            case >= sbyte.MinValue:
                WriteCode(MessagePackCode.Int8);
                WriteCode(unchecked((byte)value));
                break;
            case >= short.MinValue:
                Write16(MessagePackCode.Int16, unchecked((ushort)value));
                break;
            case >= int.MinValue:
                Write32(MessagePackCode.Int32, unchecked((uint)value));
                break;
            default:
                Write64(MessagePackCode.Int64, unchecked((ulong)value));
                break;
        }
    }

    /// <summary>Nil if it is null.</summary>
    public void WriteOrNil(int? value)
    {
        if (value is { } number)
        {
            Write(number);
        }
        else
        {
            WriteNil();
        }
    }

    public void Write(double value) => Write64(MessagePackCode.Float64, BitConverter.DoubleToUInt64Bits(value));

    /// <summary>Nil if it is null.</summary>
    public void Write(string? value)
    {
        if (value is null)
        {
            WriteNil();
            return;
        }

        var count = Encoding.UTF8.GetByteCount(value);
        WriteStringHeader(count);
        if (Reserve(count, out var room))
        {
            Encoding.UTF8.GetBytes(value, room);
        }
    }

    public void Write(ReadOnlySpan<byte> binary)
    {
        WriteHeader(binary.Length, MessagePackCode.Binary8, MessagePackCode.Binary16, MessagePackCode.Binary32);
        if (Reserve(binary.Length, out var room))
        {
            binary.CopyTo(room);
        }
    }

    public void WriteArrayHeader(int count)
    {
        if (count <= MessagePackCode.MaxFixArray - MessagePackCode.MinFixArray)
        {
            WriteCode((byte)(MessagePackCode.MinFixArray | count));
        }
        else
        {
            WriteHeader(count, MessagePackCode.Array16, MessagePackCode.Array32);
        }
    }

    public void WriteMapHeader(int count)
    {
        if (count <= MessagePackCode.MaxFixMap - MessagePackCode.MinFixMap)
        {
            WriteCode((byte)(MessagePackCode.MinFixMap | count));
        }
        else
        {
            WriteHeader(count, MessagePackCode.Map16, MessagePackCode.Map32);
        }
    }

    private void WriteStringHeader(int count)
    {
        if (count <= MessagePackCode.MaxFixString - MessagePackCode.MinFixString)
        {
            WriteCode((byte)(MessagePackCode.MinFixString | count));
        }
        else
        {
            WriteHeader(count, MessagePackCode.String8, MessagePackCode.String16, MessagePackCode.String32);
        }
    }

    private void WriteHeader(int count, byte code8, byte code16, byte code32)
    {
        if (count <= byte.MaxValue)
        {
            WriteCode(code8);
            WriteCode((byte)count);
        }
        else
        {
            WriteHeader(count, code16, code32);
        }
    }

    private void WriteHeader(int count, byte code16, byte code32)
    {
        if (count <= ushort.MaxValue)
        {
            Write16(code16, (ushort)count);
        }
        else
        {
            Write32(code32, (uint)count);
        }
    }

    private void WriteUnsigned(ulong value)
    {
        switch (value)
        {
            case <= MessagePackCode.MaxPositiveFixInt:
                WriteCode((byte)value);
                break;
            case <= byte.MaxValue:
                WriteCode(MessagePackCode.UInt8);
                WriteCode((byte)value);
                break;
            case <= ushort.MaxValue:
                Write16(MessagePackCode.UInt16, (ushort)value);
                break;
            case <= uint.MaxValue:
                Write32(MessagePackCode.UInt32, (uint)value);
                break;
            default:
                Write64(MessagePackCode.UInt64, value);
                break;
        }
    }

    private void WriteCode(byte code)
    {
        if (Reserve(sizeof(byte), out var room))
        {
            room[0] = code;
        }
    }

    private void Write16(byte code, ushort value)
    {
        if (Reserve(1 + sizeof(ushort), out var room))
        {
            room[0] = code;
            BinaryPrimitives.WriteUInt16BigEndian(room[1..], value);
        }
    }

    private void Write32(byte code, uint value)
    {
        if (Reserve(1 + sizeof(uint), out var room))
        {
            room[0] = code;
            BinaryPrimitives.WriteUInt32BigEndian(room[1..], value);
        }
    }

    private void Write64(byte code, ulong value)
    {
        if (Reserve(1 + sizeof(ulong), out var room))
        {
            room[0] = code;
            BinaryPrimitives.WriteUInt64BigEndian(room[1..], value);
        }
    }

    /// <summary>Moves on by <paramref name="count"/> bytes; false while only counting.</summary>
    private bool Reserve(int count, out Span<byte> room)
    {
        var start = Length;
        Length = checked(start + count);
        room = _counts ? default : _destination.Slice(start, count);
        return !_counts;
    }
}
