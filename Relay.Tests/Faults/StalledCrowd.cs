using System.Globalization;
using Relay.Tests.TestKit;

namespace Relay.Tests.Faults;

/// <summary>Readers of every kind that take nothing, and what each kind costs the relay. Each stalls at a place of its own in the log: they share no memory.</summary>
internal sealed class StalledCrowd(MeasuredRelay relay, MarkedLog log) : IDisposable
{
    private const long Warm = 16 * 1024 * 1024;
    private const long Enough = 8 * 1024 * 1024; // More than sockets hold.

    private readonly List<StalledReader> _readers = [];

    /// <summary>The relay drops who takes nothing: with these options it does not.</summary>
    public static IReadOnlyList<string> Patience { get; } =
        ["--Streaming:SendTimeout", "00:10:00", "--Streaming:KeepAliveInterval", "00:01:00", "--Streaming:KeepAliveTimeout", "00:05:00"];

    public IReadOnlyList<StalledReader> Readers => _readers;

    /// <summary>What the first of a kind costs in code and pools is paid once; the hot tail and the pools are not the stalled readers'.</summary>
    public async Task WarmUpAsync()
    {
        foreach (var kind in StalledReader.Kinds)
        {
            await StallAsync(kind, 1);
        }

        await log.WriteAsync(Warm);
    }

    /// <summary>Lets so many of each kind stall.</summary>
    /// <returns>By kind, the bytes of managed memory that one costs.</returns>
    public async Task<IReadOnlyDictionary<string, long>> CostsAsync(int eachKind)
    {
        var costs = new Dictionary<string, long>(StringComparer.Ordinal);
        foreach (var kind in StalledReader.Kinds)
        {
            var before = await relay.HeapAsync();
            await StallAsync(kind, eachKind);
            costs[kind] = (await relay.HeapAsync() - before) / eachKind;
        }

        return costs;
    }

    /// <summary>Lets all of them read on from where they stood.</summary>
    public async Task GoOnAsync(TimeSpan deadline)
    {
        foreach (var reader in _readers)
        {
            await Eventually.Done(reader.ReadAsync(3 * MarkedLog.BytesBetweenMarks), $"a reader by {reader.Kind} goes on", deadline);
        }
    }

    public void Dispose() => _readers.ForEach(reader => reader.Dispose());

    public static string InKiB(IReadOnlyDictionary<string, long> costs) =>
        string.Join(", ", costs.Select(cost => string.Create(CultureInfo.InvariantCulture, $"{cost.Key} {cost.Value >> 10}")));

    private async Task StallAsync(string kind, int readers)
    {
        var windows = new List<Task>();
        for (var i = 0; i < readers; i++)
        {
            var reader = await Eventually.Done(StalledReader.StartAsync(relay.Api, log, kind), $"a reader by {kind} begins");
            _readers.Add(reader);
            await log.WriteAsync(MarkedLog.BytesBetweenMarks);
            windows.Add(kind == "paced" ? reader.TakeWindowAsync() : Task.CompletedTask);
        }

        await log.WriteAsync(Enough);
        await Eventually.Done(Task.WhenAll(windows), "what was credited comes");
    }
}
