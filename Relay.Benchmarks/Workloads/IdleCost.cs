using Relay.Benchmarks.Contenders;
using Relay.Benchmarks.Load;
using Relay.Benchmarks.Reporting;
using Relay.Contracts;

namespace Relay.Benchmarks.Workloads;

/// <summary>W4: what sessions and readers cost the server while nothing happens: bytes of its heap after a full collection, with and without them.</summary>
internal sealed class IdleCost : IWorkload
{
    private const int Sessions = 10_000;
    private const int WrittenSessions = 2_000;
    private const int Readers = 2_000;
    private const int ReadersSessions = 20;
    private const int WarmUpDivisor = 10;
    private const int Parallel = 16;

    /// <summary>Longer than the settings below, and than Kestrel keeps buffers that nobody uses.</summary>
    private static readonly TimeSpan Rest = TimeSpan.FromSeconds(12);

    private static readonly (string Key, string Value)[] RestsSoon =
        [("Storage:IdleAfter", "00:00:01"), ("Sessions:SweepInterval", "00:00:01"), ("Storage:FsyncInterval", "00:00:00.010")];

    private static readonly (string Key, string Value)[] Roomy =
    [
        ("Limits:MaxConnections", "10000"), ("Limits:MaxConnectionsPerAddress", "10000"),
        ("Limits:MaxWebSockets", "10000"), ("Limits:MaxWebSocketsPerAddress", "10000"),
    ];

    public string Id => "W4";

    public string Title => "what idle sessions and readers cost";

    public async Task RunAsync(Bench bench)
    {
        var empty = Row(bench, "session that nobody wrote to", new Goal(2048, 4096, AtMost: true));
        var written = Row(bench, "session whose writer left");
        var bareReader = Row(bench, "bare relay, idle reader");
        var reader = Row(bench, "idle reader", new Goal(20_480, 27 * 1024, AtMost: true));
        var readers = bench.Size(Readers) / ReadersSessions * ReadersSessions;
        await bench.OnceAsync(
            OfSessions(empty, bench.Size(Sessions), (relay, id) => relay.CreateSessionAsync(id)),
            OfSessions(written, bench.Size(WrittenSessions), WriteAsync, RestsSoon),
            OfReaders(bareReader, readers, async () => await BareContender.StartAsync()),
            OfReaders(reader, readers, async () => await RelayContender.StartAsync("relay", Roomy)));
    }

    private static Measurement OfSessions(Row row, int count, Func<RelayContender, string, Task> addAsync, params (string Key, string Value)[] settings) => new([row], async () =>
    {
        await using var relay = await RelayContender.StartAsync("relay", settings);
        return [new Figure(row, await CostAsync(relay.Server, count, sessions => System.Threading.Tasks.Parallel.ForEachAsync(
            Enumerable.Range(0, sessions),
            new ParallelOptions { MaxDegreeOfParallelism = Parallel },
            async (_, _) => await addAsync(relay, $"idle-{Guid.NewGuid():N}"))))];
    });

    private static Measurement OfReaders(Row row, int count, Func<Task<Contender>> startAsync) => new([row], async () =>
    {
        await using var contender = await startAsync();
        await using var readers = await IdleReaders.OpenAsync(contender, ReadersSessions);
        return [new Figure(row, await CostAsync(contender.Server, count, more => readers.AddAsync(more / ReadersSessions)))];
    });

    /// <summary>Adds a few first: they pay for what is paid once.</summary>
    private static async Task<double> CostAsync(ServerProcess server, int count, Func<int, Task> addAsync)
    {
        var before = await HeapAfterAsync(count / WarmUpDivisor);
        return (double)(await HeapAfterAsync(count) - before) / count;

        async Task<long> HeapAfterAsync(int more)
        {
            await addAsync(more);
            await Task.Delay(Rest, TimeProvider.System, CancellationToken.None);
            return await server.HeapAsync();
        }
    }

    private static async Task WriteAsync(RelayContender relay, string session)
    {
        await using var writer = relay.Client.OpenWriter(session); // It creates the session.
        for (var i = 0; i < 3; i++)
        {
            await writer.WriteAsync(OutputType.Stdout, "2026-01-01 12:00:00,000 INFO SparkContext: Running Spark version 4.0.1\n"u8.ToArray());
        }

        await writer.FlushAsync();
    }

    private Row Row(Bench bench, string name, Goal? goal = null) => bench.Add(new Row(Id, name, "bytes") { Goal = goal });
}
