using System.Diagnostics;
using Relay.Benchmarks.Contenders;

namespace Relay.Benchmarks.Load;

/// <summary>One log on its way from one writer to all of its readers.</summary>
internal static class Transfer
{
    /// <summary>
    /// Connects, lets the first piece through so that everybody is known to be there, and then measures from the first of the other pieces to the
    /// moment at which the last reader has the last byte, checked.
    /// </summary>
    public static async Task<TransferTime> RunAsync(Contender contender, Wire wire, int readers, ReadOnlyMemory<byte> log, IEnumerable<ReadOnlyMemory<byte>> pieces)
    {
        var session = $"bench-{Guid.NewGuid():N}";
        await contender.CreateSessionAsync(session);
        var receivers = new List<IReceiver>();
        try
        {
            for (var i = 0; i < readers; i++)
            {
                receivers.Add(await contender.OpenReceiverAsync(session, wire, new Receipt(log)));
            }

            await using var sender = await contender.OpenSenderAsync(session, wire);
            using var rest = pieces.GetEnumerator();
            rest.MoveNext();
            var first = rest.Current;
            await sender.SendAsync(first);
            await sender.FlushAsync();
            await Task.WhenAll(receivers.Select(receiver => receiver.Receipt.Begun));
            GC.Collect();

            var (cpu, own, began) = (contender.Server.Cpu, Environment.CpuUsage.TotalTime, Stopwatch.GetTimestamp());
            while (rest.MoveNext())
            {
                await sender.SendAsync(rest.Current);
            }

            await sender.FlushAsync();
            await Task.WhenAll(receivers.Select(receiver => receiver.Receipt.Whole));
            return new TransferTime(log.Length - first.Length, Stopwatch.GetElapsedTime(began), contender.Server.Cpu - cpu, Environment.CpuUsage.TotalTime - own);
        }
        finally
        {
            await Task.WhenAll(receivers.Select(receiver => receiver.DisposeAsync().AsTask()));
            await contender.DeleteSessionAsync(session);
        }
    }
}

/// <summary>What a transfer took.</summary>
/// <param name="Bytes">Bytes of the log, counted once, whoever many readers there are.</param>
/// <param name="Elapsed">From the first to the last of them.</param>
/// <param name="ServerCpu">Processor time of the server meanwhile.</param>
/// <param name="ClientCpu">Processor time of the writer and all readers, where they are in this process.</param>
internal readonly record struct TransferTime(long Bytes, TimeSpan Elapsed, TimeSpan ServerCpu, TimeSpan? ClientCpu = null)
{
    public double MegabytesPerSecond => Bytes / 1e6 / Elapsed.TotalSeconds;
}
