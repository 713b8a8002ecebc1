using System.Text;
using FluentAssertions;
using Relay.Contracts;
using Relay.Server.Storage;

namespace Relay.Tests.Storage;

/// <summary>What a reader was given, kept: the memory of a batch is valid until the next one only.</summary>
internal sealed class ReadBack
{
    private const int TooMany = 1_000_000;

    public List<LogEntry> Entries { get; } = [];

    /// <summary>The reader's place after the last entry.</summary>
    public ReadCursor Cursor { get; private set; }

    public IEnumerable<LogEntry> Data => Entries.Where(entry => entry.Kind == LogEntryKind.Data);

    public IEnumerable<LogEntry> Gaps => Entries.Where(entry => entry.Kind == LogEntryKind.Gap);

    public IEnumerable<LogEntry> Diverged => Entries.Where(entry => entry.Kind == LogEntryKind.Diverged);

    /// <summary>Reads up to the tail.</summary>
    public void TakeFrom(ILogReader reader, int maxBytes = 64 * 1024)
    {
        var batch = new List<LogEntry>();
        for (var rounds = 0; reader.Read(batch, maxBytes); rounds++)
        {
            rounds.Should().BeLessThan(TooMany, "a reader comes to the tail");
            batch.Should().NotBeEmpty("a read that says there was something adds something");
            Entries.AddRange(batch.Select(entry => entry with { Data = entry.Data.ToArray() }));
            batch.Clear();
        }

        Cursor = reader.Cursor;
    }

    public byte[] Bytes(OutputType output = OutputType.Stdout) =>
        [.. Data.Where(entry => entry.Output == output).SelectMany(entry => entry.Data.ToArray())];

    public string Text(OutputType output = OutputType.Stdout) => Encoding.UTF8.GetString(Bytes(output));

    /// <summary>Promise 4: contiguous offsets, or a gap that names the bytes; and ascending sequences.</summary>
    /// <returns>Where the output ends for this reader.</returns>
    public long ShouldBeContiguous(OutputType output, long from = 0)
    {
        var next = from;
        var sequence = 0L;
        foreach (var entry in Entries.Where(entry => entry.Output == output))
        {
            entry.Offset.Should().Be(next, $"{output} goes on where it stopped, or a gap says why not");
            entry.Sequence.Should().BeGreaterThanOrEqualTo(sequence);
            (next, sequence) = (next + (entry.Kind == LogEntryKind.Gap ? entry.Length : entry.Data.Length), entry.Sequence);
        }

        return next;
    }

    /// <summary>Every byte that was read is the byte that was written at its offset, and nothing is missing without a gap.</summary>
    public void ShouldBeTrueTo(byte[] written, OutputType output, long from = 0)
    {
        ShouldBeContiguous(output, from);
        foreach (var entry in Data.Where(entry => entry.Output == output))
        {
            entry.Data.Span.SequenceEqual(written.AsSpan((int)entry.Offset, entry.Data.Length)).Should().BeTrue($"the bytes at {entry.Offset} of {output} are those that were written");
        }
    }

    public override string ToString() => string.Join(", ", Entries.Select(entry => entry.Kind switch
    {
        LogEntryKind.Data => $"{entry.Output} {entry.Offset}+{entry.Data.Length}",
        LogEntryKind.Gap => $"{entry.Output} gap {entry.Offset}+{entry.Length} {entry.Gap}",
        _ => $"{entry.Kind} {entry.Sequence}",
    }));
}
