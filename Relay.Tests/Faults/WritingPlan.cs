using Relay.Contracts;
using Relay.Server.Storage;
using Relay.Server.Storage.Embedded;
using Relay.Tests.Storage;

namespace Relay.Tests.Faults;

/// <summary>One thing that a writer does.</summary>
/// <param name="Do">Does it, and gives back the lease to go on with.</param>
internal sealed record WritingStep(Func<ISessionLog, WriterLease, WrittenBytes, Task<WriterLease>> Do);

/// <summary>What was written to each output, gaps as zeros.</summary>
internal sealed class WrittenBytes
{
    private readonly List<byte>[] _outputs = [[], []];

    public long Length(OutputType output) => _outputs[(int)output - 1].Count;

    public void Add(OutputType output, ReadOnlySpan<byte> bytes) => _outputs[(int)output - 1].AddRange(bytes);

    public byte[] Of(OutputType output) => [.. _outputs[(int)output - 1]];
}

/// <summary>Fills a log of a given size with records of every kind and of many sizes, among them one that holds the bytes of a record.</summary>
internal sealed class WritingPlan
{
    private const int LargestRecord = 8 * 1024;

    private static readonly int[] Sizes = [1, 2, 7, 55, 56, 57, 100, 300, 511, 512, 513, 1000, 1024, 2000, 3000];

    private WritingPlan(List<WritingStep> steps) => Steps = steps;

    public List<WritingStep> Steps { get; }

    /// <summary>The same plan, given up after some steps.</summary>
    public WritingPlan Until(int steps) => new(Steps[..steps]);

    /// <param name="bytes">About how many bytes the log will have.</param>
    public static WritingPlan Of(int bytes)
    {
        var random = new Random(4711);
        var steps = new List<WritingStep>();
        var size = 0;
        for (var i = 0; size < bytes; i++)
        {
            if (i % 23 == 11)
            {
                steps.Add(Gap(random.Next(1, 100)));
                size += 100;
            }
            else if (i % 29 == 17)
            {
                steps.Add(NextAttempt());
                size += 400;
            }
            else
            {
                // Few are large: the search for the record behind a damaged one tries each of its bytes.
                var length = i % 40 == 5 && bytes - size > LargestRecord ? LargestRecord
                    : i == 300 ? RecordHeader.MaxPayload
                    : Sizes[random.Next(Sizes.Length)];
                var output = random.Next(3) == 0 ? OutputType.Stderr : OutputType.Stdout;
                steps.Add(i % 31 == 3 ? Imitation(output) : Data(output, LogSteps.Noise(length, i)));
                size += length + RecordHeader.Size;
            }
        }

        return new WritingPlan(steps);
    }

    private static WritingStep Data(OutputType output, byte[] bytes) => new(async (log, lease, written) =>
    {
        await log.Write(lease, bytes, output);
        written.Add(output, bytes);
        return lease;
    });

    /// <summary>The writer lost some bytes.</summary>
    private static WritingStep Gap(int length) => new(async (log, lease, written) =>
    {
        await log.AppendGapAsync(lease, OutputType.Stdout, written.Length(OutputType.Stdout), length, CancellationToken.None);
        written.Add(OutputType.Stdout, new byte[length]);
        return lease;
    });

    /// <summary>Leaves in good order and comes back.</summary>
    private static WritingStep NextAttempt() => new(async (log, lease, _) =>
    {
        await log.Leave(lease);
        return await log.Lease(lease.RunId, lease.Attempt + 1);
    });

    /// <summary>Data that would be the next record, had records no secret of their segment in their checksum.</summary>
    private static WritingStep Imitation(OutputType output) => new(async (log, lease, written) =>
    {
        var bytes = Record(output, log.Snapshot().LastSequence + 1, written.Length(output), lease.FencingNumber, salt: 0);
        await log.Write(lease, bytes, output);
        written.Add(output, bytes);
        return lease;
    });

    /// <summary>The bytes of a data record that says something else than was written.</summary>
    public static byte[] Record(OutputType output, long sequence, long offset, long fencing, uint salt)
    {
        var payload = "this was never written"u8;
        var record = new byte[RecordHeader.Size + payload.Length];
        payload.CopyTo(record.AsSpan(RecordHeader.Size));
        new RecordHeader(RecordKind.Data, output, payload.Length, Crc32C.Append(0, payload), sequence, offset, fencing, 0, 0, 0).Write(record, salt);
        return record;
    }
}
