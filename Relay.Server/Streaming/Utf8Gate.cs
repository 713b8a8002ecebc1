using System.Buffers;
using System.Text;
using System.Text.Unicode;

namespace Relay.Server.Streaming;

/// <summary>
/// Makes valid UTF-8 of a byte stream that arrives in pieces: a sequence that is cut by the end of a piece is held until it is whole; bytes that
/// cannot be part of UTF-8 become U+FFFD, one for each maximal part (Unicode 16, section 3.9, "U+FFFD Substitution of Maximal Subparts").
/// </summary>
internal sealed class Utf8Gate
{
    private const int LongestSequence = 4;
    private readonly byte[] _held = new byte[LongestSequence];
    private readonly ArrayBufferWriter<byte> _output = new();
    private int _heldLength;

    /// <summary>The valid text of what was held and <paramref name="bytes"/>. The memory is valid until the next call.</summary>
    public ReadOnlyMemory<byte> Push(ReadOnlyMemory<byte> bytes)
    {
        if (_heldLength == 0 && Utf8.IsValid(bytes.Span))
        {
            return bytes;
        }

        _output.ResetWrittenCount();
        var rest = bytes.Span;
        while (_heldLength > 0 && !rest.IsEmpty)
        {
            rest = CompleteHeld(rest);
        }

        if (_heldLength == 0)
        {
            Transcode(rest);
        }

        return _output.WrittenMemory;
    }

    /// <summary>At the end of the stream: what is still held can no longer become whole.</summary>
    public ReadOnlyMemory<byte> Finish()
    {
        _output.ResetWrittenCount();
        if (_heldLength > 0)
        {
            _heldLength = 0;
            WriteReplacement();
        }

        return _output.WrittenMemory;
    }

    private ReadOnlySpan<byte> CompleteHeld(ReadOnlySpan<byte> rest)
    {
        Span<byte> joined = stackalloc byte[2 * LongestSequence];
        _held.AsSpan(0, _heldLength).CopyTo(joined);
        var added = Math.Min(rest.Length, LongestSequence - _heldLength);
        rest[..added].CopyTo(joined[_heldLength..]);
        joined = joined[..(_heldLength + added)];
        var status = Rune.DecodeFromUtf8(joined, out _, out var consumed);
        if (status == OperationStatus.NeedMoreData)
        {
            Hold(joined);
            return rest[added..];
        }

        if (status == OperationStatus.Done)
        {
            _output.Write(joined[..consumed]);
        }
        else
        {
            WriteReplacement();
        }

        // An invalid start may use up less than was held; what is left of it is looked at again.
        if (consumed < _heldLength)
        {
            Hold(joined[consumed.._heldLength]);
            return rest;
        }

        var used = consumed - _heldLength;
        _heldLength = 0;
        return rest[used..];
    }

    private void Transcode(ReadOnlySpan<byte> rest)
    {
        while (!rest.IsEmpty)
        {
            if (Utf8.IsValid(rest))
            {
                _output.Write(rest);
                return;
            }

            var status = Rune.DecodeFromUtf8(rest, out _, out var consumed);
            if (status == OperationStatus.NeedMoreData)
            {
                Hold(rest);
                return;
            }

            if (status == OperationStatus.Done)
            {
                consumed = ValidPrefix(rest);
                _output.Write(rest[..consumed]);
            }
            else
            {
                WriteReplacement();
            }

            rest = rest[consumed..];
        }
    }

    private static int ValidPrefix(ReadOnlySpan<byte> bytes)
    {
        var length = 0;
        while (length < bytes.Length && Rune.DecodeFromUtf8(bytes[length..], out _, out var consumed) == OperationStatus.Done)
        {
            length += consumed;
        }

        return length;
    }

    private void Hold(ReadOnlySpan<byte> bytes)
    {
        bytes.CopyTo(_held);
        _heldLength = bytes.Length;
    }

    private void WriteReplacement() => _output.Write("\uFFFD"u8);
}
