using System.Diagnostics.CodeAnalysis;
using Relay.Client.Writing;
using Relay.Contracts;

namespace Relay.Client.Spooling;

/// <summary>What is to be sent on this connection.</summary>
internal sealed partial class Spool
{
    public bool AllSent
    {
        get
        {
            do
            {
                if (TryFindKept(out _))
                {
                    return false;
                }

                while (TryPeek(out var record, out _))
                {
                    if (record.End > SentTo(record.Output))
                    {
                        return false;
                    }

                    _reader.Advance(record);
                }
            }
            while (KeptHere() is not null);

            return true;
        }
    }

    /// <summary>One item has more than a record of the relay only when that has fallen behind: it costs as much as many bytes.</summary>
    private int MostInItem => OutputTypes.All.Sum(output => Lane(output).Accepted - SentTo(output)) > SpoolBlock.Size ? SpoolBlock.Size : ReplayBuffer.MaxItemBytes;

    public bool TryTake([NotNullWhen(true)] out OutputType output, out long position, out ReadOnlyMemory<byte> bytes)
    {
        do
        {
            if (TryTakeKept(out output, out position, out bytes) || TryTakeRead(out output, out position, out bytes))
            {
                return true;
            }
        }
        while (KeptHere() is not null);

        return false;
    }

    public void Rewind()
    {
        _reading = BeforeFirst;
        _memory.Clear();
    }

    public void SendFrom(OutputType output, long position) => SentTo(output) = position;

    private bool TryTakeKept(out OutputType output, out long position, out ReadOnlyMemory<byte> bytes)
    {
        (output, position, bytes) = (OutputType.None, 0, default);
        if (!TryFindKept(out var piece))
        {
            return false;
        }

        (output, position) = (piece.Output, Math.Max(piece.Position, SentTo(piece.Output)));
        bytes = piece.Behind(position);
        SentTo(output) = piece.End;
        _reader.SkipTo(piece.To);
        _memory.Sent();
        return true;
    }

    /// <summary>The piece in memory that is next to be sent.</summary>
    private bool TryFindKept([NotNullWhen(true)] out SpoolPiece? piece)
    {
        while ((piece = KeptHere()) is not null)
        {
            if (piece.End > SentTo(piece.Output))
            {
                return true;
            }

            _reader.SkipTo(piece.To);
            _memory.Forget();
        }

        return false;
    }

    /// <summary>The piece in memory that begins where reading stands.</summary>
    private SpoolPiece? KeptHere()
    {
        if (_segments.Count == 0)
        {
            return null;
        }

        if (_reading == BeforeFirst)
        {
            BeginReading(0);
        }

        while (_reader.Offset >= _segments[_reading].Length && _reading < _segments.Count - 1)
        {
            BeginReading(_reading + 1);
        }

        return _memory.At(_segments[_reading].Number, _reader.Offset);
    }

    private bool TryTakeRead(out OutputType output, out long position, out ReadOnlyMemory<byte> bytes)
    {
        (output, position) = (OutputType.None, 0);
        Memory<byte> item = default;
        var length = 0;
        while (TryPeek(out var record, out var body))
        {
            // The relay may have a part of the record already.
            var fresh = (int)Math.Clamp(record.End - SentTo(record.Output), 0, record.Length);
            if (fresh > 0)
            {
                if (length == 0)
                {
                    (output, position) = (record.Output, record.End - fresh);
                    item = _memory.ToRead((int)Math.Min(MostInItem, EndInFile(_segments[_reading]) - _reader.Offset));
                }
                else if (record.Output != output || record.End - fresh != position + length || length + fresh > item.Length)
                {
                    break;
                }

                body[(record.Length - fresh)..record.Length].CopyTo(item.Span[length..]);
                length += fresh;
                SentTo(record.Output) = record.End;
            }

            _reader.Advance(record);
        }

        bytes = item[..length];
        if (length > 0)
        {
            _memory.Sent(bytes, output, position);
        }

        return length > 0;
    }

    /// <summary>The next record that is in a file only. One whose bytes are damaged is left out: that makes a hole.</summary>
    private bool TryPeek(out SpoolRecord record, out ReadOnlySpan<byte> body)
    {
        while (_segments.Count > 0)
        {
            if (_reading == BeforeFirst)
            {
                BeginReading(0);
            }

            var segment = _segments[_reading];
            var end = EndInFile(segment);
            do
            {
                while (_reader.TryPeek(end, out record, out body))
                {
                    if (record.Matches(body))
                    {
                        return true;
                    }

                    _reader.Advance(record);
                }
            }
            while (_reader.Offset < end && _reader.TrySkipDamage(end));

            _reader.SkipTo(end);
            if (end < segment.Length || _reading == _segments.Count - 1)
            {
                break;
            }

            BeginReading(_reading + 1);
        }

        record = default;
        body = default;
        return false;
    }

    /// <summary>Where that of the segment ends which has to be read from it; what follows is in memory.</summary>
    private long EndInFile(SpoolSegment segment) => _memory.FirstIn(segment.Number) ?? segment.Length;

    private void BeginReading(int index)
    {
        while (index < _segments.Count - 1 && IsBelow(_segments[index], output => SentTo(output)))
        {
            index++;
        }

        _reading = index;
        _reader.Begin(_segments[index]);
    }
}
