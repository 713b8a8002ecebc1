using Relay.Benchmarks.Contenders;
using Relay.Benchmarks.Load;
using Relay.Benchmarks.Reporting;

namespace Relay.Benchmarks.Workloads;

/// <summary>W2: one writer, 50 readers.</summary>
internal sealed class FanOut : IWorkload
{
    private const int Readers = 50;
    private const int ChunkedLines = 400_000;
    private const int SingleLines = 200_000;
    private const int NaiveLines = 20_000;

    public string Id => "W2";

    public string Title => $"one writer, {Readers} readers";

    public async Task RunAsync(Bench bench)
    {
        await using var relay = await RelayContender.StartAsync();
        await using var bare = await BareContender.StartAsync();
        await using var naive = await HubContender.StartAsync();
        var corpus = bench.Corpus;
        var chunked = corpus.First(bench.Size(ChunkedLines));
        var single = bench.Size(SingleLines);
        var bareChunks = bench.Add(new Row(Id, "bare relay, chunks of 32 KiB", "MB/s to all readers"));
        var chunks = bench.Add(new Row(Id, "chunks of 32 KiB", "MB/s to all readers") { Against = bareChunks, Goal = new Goal(0.6, 0.45) });
        var naiveLines = bench.Add(new Row(Id, "naive hub, a call per line", "lines/s to all readers"));
        var bareLines = bench.Add(new Row(Id, "bare relay, a call per line", "lines/s to all readers"));
        var lines = bench.Add(new Row(Id, "a call per line", "lines/s to all readers") { Against = bareLines, Goal = new Goal(0.85, 0.6) });
        var overNaive = bench.Add(new Row(Id, "a call per line, over the naive hub", "lines/s to all readers") { Against = naiveLines, Goal = new Goal(9, double.NegativeInfinity) });
        await bench.RoundsAsync(
            Chunks(bareChunks, bare, chunked),
            Chunks(chunks, relay, chunked),
            Lines(naive, corpus, bench.Size(NaiveLines), naiveLines),
            Lines(bare, corpus, single, bareLines),
            Lines(relay, corpus, single, lines, overNaive));
    }

    private static Measurement Chunks(Row row, Contender contender, ReadOnlyMemory<byte> log) => new([row], async () =>
    {
        var time = await Transfer.RunAsync(contender, Wire.Native, Readers, log, Pieces.Chunks(log));
        return [new Figure(row, time.MegabytesPerSecond * Readers, time.ServerCpu, time.ClientCpu)];
    });

    private static Measurement Lines(Contender contender, Corpus corpus, int lines, params Row[] rows) => new(rows, async () =>
    {
        var time = await Transfer.RunAsync(contender, Wire.Native, Readers, corpus.First(lines), Pieces.Lines(corpus, lines));
        return rows.Select(row => new Figure(row, (lines - 1d) * Readers / time.Elapsed.TotalSeconds, time.ServerCpu, time.ClientCpu));
    });
}
