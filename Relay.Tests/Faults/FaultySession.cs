using System.Collections.Concurrent;
using Relay.Contracts;
using Relay.Server.Storage;
using Relay.Tests.Storage;

namespace Relay.Tests.Faults;

/// <summary>What the client of one session knows: what it sent, what was acknowledged as written and as durable.</summary>
internal sealed class FaultySession(string id, int seed)
{
    private const int MaxBytes = 100_000;
    private static readonly ConcurrentDictionary<int, byte[]> Noise = new();
    private readonly byte[][] _content = [Noise.GetOrAdd(seed, value => LogSteps.Noise(MaxBytes, value)), Noise.GetOrAdd(seed + 1, value => LogSteps.Noise(MaxBytes, value))];
    private readonly long[] _sent = new long[2];
    private readonly long[] _acked = new long[2];
    private readonly long[] _durable = new long[2];
    private readonly long[] _trimmed = new long[2];
    private readonly List<(long From, long To)> _gaps = [];

    public string Id => id;

    public long Acked(OutputType output) => _acked[(int)output - 1];

    public ReadOnlyMemory<byte> Content(OutputType output, long from, long to) => _content[(int)output - 1].AsMemory((int)from, (int)(to - from));

    public void Sending(OutputType output, long to) => _sent[(int)output - 1] = Math.Max(_sent[(int)output - 1], to);

    public void Gap(long from, long to)
    {
        Sending(OutputType.Stdout, to);
        _gaps.Add((from, to));
    }

    public void Acknowledged(OutputType output, long to) => _acked[(int)output - 1] = to;

    /// <summary>All that was acknowledged so far is durable.</summary>
    public void Flushed() => _acked.CopyTo(_durable, 0);

    /// <summary>What retention has removed so far; some of it may be back after a power loss, and nobody minds.</summary>
    public void NoteTrimmed(ISessionLog log)
    {
        foreach (var output in log.Snapshot().Outputs)
        {
            _trimmed[(int)output.Output - 1] = output.FirstOffset;
        }
    }

    /// <summary>What a new lease says is stored: never less than what is durable, nor, unless a sync has failed, than what was acknowledged.</summary>
    public void Leased(WriterLease lease, bool mayBeCutBack)
    {
        foreach (var start in lease.Start)
        {
            var slot = (int)start.Output - 1;
            if (start.WrittenTo < (mayBeCutBack ? _durable[slot] : _acked[slot]) || start.WrittenTo > _sent[slot])
            {
                throw new InvalidOperationException(
                    $"A lease of {id} says that {start.Output} ends at {start.WrittenTo}; sent were {_sent[slot]}, acknowledged {_acked[slot]}, durable {_durable[slot]}.");
            }

            _acked[slot] = start.WrittenTo;
        }
    }

    /// <summary>Everything is there that must be, and nothing else.</summary>
    /// <param name="log">The log as it is.</param>
    /// <param name="durableOnly">After a power loss, or a failed sync.</param>
    public void ShouldBeIn(ISessionLog log, bool durableOnly = false)
    {
        var back = log.ReadAll();
        foreach (var output in OutputTypes.All)
        {
            back.ShouldBeTrueTo(_content[(int)output - 1], output);
            var end = back.ShouldBeContiguous(output);
            var least = durableOnly ? _durable[(int)output - 1] : _acked[(int)output - 1];
            if (end < least || end > _sent[(int)output - 1] || end != log.Snapshot()[output].Length)
            {
                throw new InvalidOperationException(
                    $"{id} has {output} up to {end}, and says up to {log.Snapshot()[output].Length}; at least {least} and at most {_sent[(int)output - 1]} should be there. {back}");
            }
        }

        foreach (var wrong in back.Gaps.Where(gap => !IsKnown(gap, log)))
        {
            throw new InvalidOperationException($"{id} has a gap that nobody made: {wrong.Gap}, {wrong.Length} bytes at {wrong.Offset} of {wrong.Output}. {back}");
        }
    }

    /// <summary>After a power loss: what was durable is there. What becomes of the rest is the matter of other tests.</summary>
    public void ShouldBeDurableIn(ISessionLog log)
    {
        var back = log.ReadAll();
        foreach (var output in OutputTypes.All)
        {
            var durable = _durable[(int)output - 1];
            var content = _content[(int)output - 1];
            var next = _trimmed[(int)output - 1];
            foreach (var entry in back.Entries.Where(entry => entry.Output == output && entry.Offset < durable && entry.Offset >= next))
            {
                if (entry.Offset != next || (entry.Kind == LogEntryKind.Gap && !IsKnown(entry, log)))
                {
                    break;
                }

                if (entry.Kind == LogEntryKind.Data && !entry.Data.Span.SequenceEqual(content.AsSpan((int)entry.Offset, entry.Data.Length)))
                {
                    throw new InvalidOperationException($"{id} has wrong bytes at {entry.Offset} of {output}.");
                }

                next += entry.Kind == LogEntryKind.Gap ? entry.Length : entry.Data.Length;
            }

            if (next < durable)
            {
                throw new InvalidOperationException($"{id} has {output} up to {next}, and {durable} were durable. {back}");
            }
        }
    }

    private bool IsKnown(LogEntry gap, ISessionLog log) => gap.Gap switch
    {
        GapReason.Trimmed => gap.Offset == 0 && gap.Length == log.Snapshot()[gap.Output].FirstOffset,
        GapReason.LostByWriter => gap.Output == OutputType.Stdout && _gaps.Exists(known => gap.Offset >= known.From && gap.Offset + gap.Length <= known.To),
        _ => false,
    };
}
