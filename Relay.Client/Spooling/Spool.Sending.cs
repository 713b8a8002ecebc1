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
            while (TryPeek(out var record, out _))
            {
                if (record.End > SentTo(record.Output))
                {
                    return false;
                }

                _reader.Advance(record);
            }

            return true;
        }
    }

    public bool TryTake([NotNullWhen(true)] out OutputType output, out long position, out ReadOnlyMemory<byte> bytes)
    {
        (output, position) = (OutputType.None, 0);
        byte[] item = [];
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
                    item = new byte[Math.Min(ReplayBuffer.MaxItemBytes, _segments[_reading].Length - _reader.Offset)];
                }
                else if (record.Output != output || record.End - fresh != position + length || length + fresh > item.Length)
                {
                    break;
                }

                body[(record.Length - fresh)..record.Length].CopyTo(item.AsSpan(length));
                length += fresh;
                SentTo(record.Output) = record.End;
            }

            _reader.Advance(record);
        }

        bytes = item.AsMemory(0, length);
        return length > 0;
    }

    public void Rewind() => _reading = BeforeFirst;

    public void SendFrom(OutputType output, long position) => SentTo(output) = position;

    /// <summary>The next record to look at, over all segments. One whose bytes are damaged is left out: that makes a hole.</summary>
    private bool TryPeek(out SpoolRecord record, out ReadOnlySpan<byte> body)
    {
        while (_segments.Count > 0)
        {
            if (_reading == BeforeFirst)
            {
                BeginReading(0);
            }

            var segment = _segments[_reading];
            do
            {
                while (_reader.TryPeek(segment.Length, out record, out body))
                {
                    if (record.Matches(body))
                    {
                        return true;
                    }

                    _reader.Advance(record);
                }
            }
            while (_reader.Offset < segment.Length && _reader.TrySkipDamage(segment.Length));

            _reader.SkipTo(segment.Length);
            if (_reading == _segments.Count - 1)
            {
                break;
            }

            BeginReading(_reading + 1);
        }

        record = default;
        body = default;
        return false;
    }

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
