using System.Buffers;
using System.Buffers.Binary;
using System.Text;

namespace Relay.Contracts.Protocol;

/// <summary>
/// Reads MessagePack values from one span. Every length and count is compared with the bytes that remain before anything is
/// allocated for it. Whatever does not fit throws <see cref="InvalidDataException"/> that says what was expected, what was found and where.
/// </summary>
/// <remarks>It is a value: a copy is a bookmark.</remarks>
internal ref partial struct MessagePackReader(ReadOnlySpan<byte> bytes)
{
    private readonly ReadOnlySpan<byte> _bytes = bytes;
    private int _position;

    /// <summary>Whether the bytes of <see cref="WriteItem"/>s go to arrays of the shared pool.</summary>
    public bool RentsItems { get; init; }

    /// <summary>Where all the bytes lie, from its beginning on, if that may be kept.</summary>
    public RentedBody? Body { get; init; }

    public readonly int Remaining => _bytes.Length - _position;

    /// <summary>What the next value is; it stays unread.</summary>
    public readonly MessagePackKind NextKind() => MessagePackCode.KindOf(PeekCode());

    public bool TryReadNil()
    {
        if (PeekCode() != MessagePackCode.Nil)
        {
            return false;
        }

        _position++;
        return true;
    }

    public bool ReadBoolean() => ReadCode() switch
    {
        MessagePackCode.True => true,
        MessagePackCode.False => false,
        _ => throw Unexpected("a boolean"),
    };

    /// <summary>Count of elements; at least that many bytes follow.</summary>
    public int ReadArrayHeader()
    {
        var code = ReadCode();
        return Available(bytesPerUnit: 1, code switch
        {
            >= MessagePackCode.MinFixArray and <= MessagePackCode.MaxFixArray => (uint)(code & 0x0f),
            MessagePackCode.Array16 => TakeUInt16(),
            MessagePackCode.Array32 => TakeUInt32(),
            _ => throw Unexpected("an array"),
        });
    }

    /// <summary>Count of pairs; at least twice that many bytes follow.</summary>
    public int ReadMapHeader()
    {
        var code = ReadCode();
        return Available(bytesPerUnit: 2, code switch
        {
            >= MessagePackCode.MinFixMap and <= MessagePackCode.MaxFixMap => (uint)(code & 0x0f),
            MessagePackCode.Map16 => TakeUInt16(),
            MessagePackCode.Map32 => TakeUInt32(),
            _ => throw Unexpected("a map"),
        });
    }

    /// <summary>The bytes of a string. They belong to the receive buffer.</summary>
    public ReadOnlySpan<byte> ReadUtf8()
    {
        var code = ReadCode();
        return Take(code switch
        {
            >= MessagePackCode.MinFixString and <= MessagePackCode.MaxFixString => (uint)(code & 0x1f),
            MessagePackCode.String8 => TakeByte(),
            MessagePackCode.String16 => TakeUInt16(),
            MessagePackCode.String32 => TakeUInt32(),
            _ => throw Unexpected("a string"),
        });
    }

    public string ReadString() => Encoding.UTF8.GetString(ReadUtf8());

    public string? ReadStringOrNil() => TryReadNil() ? null : ReadString();

    /// <summary>A copy of the bytes, since the receive buffer is used again.</summary>
    public byte[] ReadBinary()
    {
        var received = ReadBytes();
        var copy = received.IsEmpty ? [] : GC.AllocateUninitializedArray<byte>(received.Length);
        received.CopyTo(copy);
        return copy;
    }

    /// <summary>The bytes in an array of the shared pool: a copy, or their place in <see cref="Body"/>, which nobody else has then.</summary>
    /// <param name="rented">The array, which is the caller's; null when there are no bytes.</param>
    public ReadOnlyMemory<byte> ReadRented(out byte[]? rented)
    {
        var received = ReadBytes();
        rented = null;
        if (received.IsEmpty)
        {
            return default;
        }

        rented = Body?.Take();
        if (rented is not null)
        {
            return rented.AsMemory(_position - received.Length, received.Length);
        }

        rented = ArrayPool<byte>.Shared.Rent(received.Length);
        received.CopyTo(rented);
        return rented.AsMemory(0, received.Length);
    }

    /// <summary>The bytes of binary data. They belong to the receive buffer.</summary>
    public ReadOnlySpan<byte> ReadBytes() => Take(ReadCode() switch
    {
        MessagePackCode.Binary8 => TakeByte(),
        MessagePackCode.Binary16 => TakeUInt16(),
        MessagePackCode.Binary32 => TakeUInt32(),
        _ => throw Unexpected("binary data"),
    });

    /// <summary>Passes one value with all it contains. A loop, not a recursion: hostile nesting costs no stack.</summary>
    public void Skip()
    {
        for (var values = 1L; values > 0; values--)
        {
            values += SkipOne();
        }
    }

    /// <summary>Passes one header and its bytes; returns how many values it contains.</summary>
    private long SkipOne()
    {
        var code = PeekCode();
        switch (MessagePackCode.KindOf(code))
        {
            case MessagePackKind.Array:
                return ReadArrayHeader();
            case MessagePackKind.Map:
                return 2L * ReadMapHeader();
            case MessagePackKind.String:
                ReadUtf8();
                return 0;
            default:
                _position++;
                Take(code switch
                {
                    <= MessagePackCode.MaxPositiveFixInt or >= MessagePackCode.MinNegativeFixInt => 0,
                    MessagePackCode.Nil or MessagePackCode.False or MessagePackCode.True => 0,
                    MessagePackCode.UInt8 or MessagePackCode.Int8 => 1,
                    MessagePackCode.UInt16 or MessagePackCode.Int16 => 2,
                    MessagePackCode.UInt32 or MessagePackCode.Int32 or MessagePackCode.Float32 => 4,
                    MessagePackCode.UInt64 or MessagePackCode.Int64 or MessagePackCode.Float64 => 8,
                    MessagePackCode.Binary8 => TakeByte(),
                    MessagePackCode.Binary16 => TakeUInt16(),
                    MessagePackCode.Binary32 => TakeUInt32(),
                    // An extension has a byte for its type besides its data.
                    MessagePackCode.Extension8 => 1L + TakeByte(),
                    MessagePackCode.Extension16 => 1L + TakeUInt16(),
                    MessagePackCode.Extension32 => 1L + TakeUInt32(),
                    >= MessagePackCode.FixExtension1 and <= MessagePackCode.FixExtension16 => 1L + (1L << (code - MessagePackCode.FixExtension1)),
                    _ => throw Unexpected("a value"),
                });
                return 0;
        }
    }

    private readonly byte PeekCode() => _position < _bytes.Length ? _bytes[_position] : throw Truncated();

    private byte ReadCode()
    {
        var code = PeekCode();
        _position++;
        return code;
    }

    private ReadOnlySpan<byte> Take(long count)
    {
        if (count > Remaining)
        {
            throw Truncated();
        }

        var taken = _bytes.Slice(_position, (int)count);
        _position += (int)count;
        return taken;
    }

    private byte TakeByte() => Take(sizeof(byte))[0];

    private ushort TakeUInt16() => BinaryPrimitives.ReadUInt16BigEndian(Take(sizeof(ushort)));

    private uint TakeUInt32() => BinaryPrimitives.ReadUInt32BigEndian(Take(sizeof(uint)));

    private readonly int Available(long bytesPerUnit, uint count) => count * bytesPerUnit <= Remaining ? (int)count : throw Truncated();

    private readonly InvalidDataException Unexpected(string expected)
    {
        var at = _position - 1;
        var code = _bytes[at];
        return new InvalidDataException($"Expected {expected} at byte {at} of the message, found {MessagePackCode.KindOf(code)} (0x{code:X2}).");
    }

    private readonly InvalidDataException Truncated() =>
        new($"The message ends too early: a value near byte {_position} needs more than the {Remaining} bytes that remain.");
}
