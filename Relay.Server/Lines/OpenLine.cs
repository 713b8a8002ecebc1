using System.Buffers;
using System.Text;
using Relay.Contracts;

namespace Relay.Server.Lines;

/// <summary>
/// A line that has begun and not ended. However long it gets, only its first and last bytes stay; what a carriage return begins anew is forgotten.
/// </summary>
internal sealed class OpenLine
{
    private byte[] _head = [];
    private byte[]? _tail;
    private int _headLength;
    private long _tailBytes;
    private bool _returned;

    /// <summary>Bytes so far, forgotten ones included; 0 when there is no line.</summary>
    public long Length { get; private set; }

    public long Offset { get; private set; }

    public long TimeMicros { get; private set; }

    public long Redraws { get; private set; }

    /// <summary>Whether a carriage return is the last byte: what comes next begins the line anew.</summary>
    public bool IsReturned => _returned && _headLength > 0;

    /// <summary>What is shown of the line: its first bytes, its last ones, and how many were left out between them.</summary>
    public ReadOnlySpan<byte> Shown(out ReadOnlySpan<byte> tail, out long omitted)
    {
        ReadOnlySpan<byte> head = _head.AsSpan(0, _headLength);
        var kept = Last((int)Math.Min(_tailBytes, PageEntry.MaxTailBytes));
        if (_tailBytes > kept.Length)
        {
            head = WithoutUnfinished(head);
            kept = kept[RestOfCharacter(kept)..];
        }

        tail = kept;
        omitted = _headLength + _tailBytes - head.Length - kept.Length;
        return head;
    }

    public void Begin(long offset, long timeMicros)
    {
        (Offset, TimeMicros, Length, Redraws, _returned) = (offset, timeMicros, 0, 0, false);
        Forget();
    }

    /// <summary>There is no line any more.</summary>
    public void Clear() => Begin(0, 0);

    public void Append(ReadOnlySpan<byte> bytes)
    {
        Length += bytes.Length;
        while (!bytes.IsEmpty)
        {
            var end = bytes.IndexOf((byte)'\r');
            var text = end < 0 ? bytes : bytes[..end];
            if (!text.IsEmpty)
            {
                Overwrite();
                Keep(text);
            }

            _returned |= end >= 0;
            bytes = end < 0 ? default : bytes[(end + 1)..];
        }
    }

    /// <summary>Bytes that nobody looks at come between.</summary>
    public void Skip(long count)
    {
        Length += count;
        _tailBytes += count;
    }

    private ReadOnlySpan<byte> Last(int count)
    {
        if (count == 0 || _tail is null)
        {
            return default;
        }

        var tail = new byte[count];
        var from = (int)((_tailBytes - count) % PageEntry.MaxTailBytes);
        var first = Math.Min(count, PageEntry.MaxTailBytes - from);
        _tail.AsSpan(from, first).CopyTo(tail);
        _tail.AsSpan(0, count - first).CopyTo(tail.AsSpan(first));
        return tail;
    }

    /// <summary>A return overwrites once a text follows.</summary>
    private void Overwrite()
    {
        if (_returned)
        {
            _returned = false;
            if (_headLength > 0)
            {
                Redraws++;
                Forget();
            }
        }
    }

    private void Forget()
    {
        _headLength = 0;
        _tailBytes = 0;
    }

    private void Keep(ReadOnlySpan<byte> text)
    {
        var room = _tailBytes > 0 ? 0 : Math.Min(PageEntry.MaxHeadBytes - _headLength, text.Length);
        if (_headLength + room > _head.Length)
        {
            Array.Resize(ref _head, Math.Min(PageEntry.MaxHeadBytes, Math.Max(_headLength + room, _head.Length * 2)));
        }

        text[..room].CopyTo(_head.AsSpan(_headLength));
        _headLength += room;
        KeepLast(text[room..]);
    }

    private void KeepLast(ReadOnlySpan<byte> text)
    {
        if (text.IsEmpty)
        {
            return;
        }

        _tail ??= new byte[PageEntry.MaxTailBytes];
        var passed = Math.Max(0, text.Length - PageEntry.MaxTailBytes);
        _tailBytes += passed;
        foreach (var b in text[passed..])
        {
            _tail[_tailBytes++ % PageEntry.MaxTailBytes] = b;
        }
    }

    private static ReadOnlySpan<byte> WithoutUnfinished(ReadOnlySpan<byte> head) =>
        Rune.DecodeLastFromUtf8(head, out _, out var length) == OperationStatus.NeedMoreData ? head[..^length] : head;

    /// <summary>How many bytes belong to a character that began before.</summary>
    private static int RestOfCharacter(ReadOnlySpan<byte> text)
    {
        var rest = 0;
        while (rest < Math.Min(3, text.Length) && (text[rest] & 0xC0) == 0x80)
        {
            rest++;
        }

        return rest;
    }
}
