using System.Buffers;

namespace Relay.Contracts.Protocol;

/// <summary>
/// The binary framing of the SignalR hub protocol: the length of the body as a VarInt, then the body.
/// <code>
/// byte   0         1               0–4 more
///       +-+-------+-+-------+     +------------------+
///       |1| low 7 |0| next 7| ... | body             |    the top bit says that another byte of the length follows
///       +-+-------+-+-------+     +------------------+
/// </code>
/// </summary>
internal static class HubFrame
{
    private const int MaxPrefixBytes = 5;
    private const int BitsPerByte = 7;
    private const byte More = 0x80;

    /// <summary>Cuts the first frame off the input. An incomplete one leaves the input as it is.</summary>
    /// <exception cref="InvalidDataException">The length is beyond <paramref name="maxBodyBytes"/> or longer than five bytes.</exception>
    public static bool TryRead(ref ReadOnlySequence<byte> input, int maxBodyBytes, out ReadOnlySequence<byte> body)
    {
        body = default;
        Span<byte> copy = stackalloc byte[MaxPrefixBytes];
        if (!TryReadLength(Head(input, copy), out var bodyLength, out var prefixLength))
        {
            return false;
        }

        if (bodyLength > maxBodyBytes)
        {
            throw new InvalidDataException($"A hub message of {bodyLength} bytes is announced; at most {maxBodyBytes} are taken.");
        }

        if (input.Length - prefixLength < bodyLength)
        {
            return false;
        }

        body = input.Slice(prefixLength, bodyLength);
        input = input.Slice(body.End);
        return true;
    }

    public static int PrefixLength(int bodyLength)
    {
        var count = 1;
        for (var rest = (uint)bodyLength >> BitsPerByte; rest > 0; rest >>= BitsPerByte)
        {
            count++;
        }

        return count;
    }

    /// <summary>Writes the length in its shortest form.</summary>
    public static void WritePrefix(Span<byte> destination, int bodyLength)
    {
        var rest = (uint)bodyLength;
        var i = 0;
        for (; rest >= More; rest >>= BitsPerByte)
        {
            destination[i++] = (byte)(rest | More);
        }

        destination[i] = (byte)rest;
    }

    private static bool TryReadLength(ReadOnlySpan<byte> head, out int bodyLength, out int prefixLength)
    {
        bodyLength = prefixLength = 0;
        foreach (var b in head)
        {
            // The fifth byte has room for bits 28–30 only, and none may follow it.
            if (prefixLength == MaxPrefixBytes - 1 && b > 0x07)
            {
                throw new InvalidDataException("The length of a hub message must be below 2 GiB and take at most 5 bytes.");
            }

            bodyLength |= (b & ~More) << (BitsPerByte * prefixLength++);
            if ((b & More) == 0)
            {
                return true;
            }
        }

        return false;
    }

    private static ReadOnlySpan<byte> Head(in ReadOnlySequence<byte> input, Span<byte> copy)
    {
        var first = input.FirstSpan;
        if (first.Length >= MaxPrefixBytes || input.IsSingleSegment)
        {
            return first[..Math.Min(first.Length, MaxPrefixBytes)];
        }

        var head = input.Slice(0, Math.Min(input.Length, MaxPrefixBytes));
        head.CopyTo(copy);
        return copy[..(int)head.Length];
    }
}
