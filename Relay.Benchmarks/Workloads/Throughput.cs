using Relay.Benchmarks.Contenders;
using Relay.Benchmarks.Load;
using Relay.Benchmarks.Reporting;

namespace Relay.Benchmarks.Workloads;

/// <summary>W1: one writer, one reader, as fast as they go.</summary>
internal sealed class Throughput : IWorkload
{
    private const int LibraryPieceBytes = 1024 * 1024;

    public string Id => "W1";

    public string Title => "one writer, one reader";

    public async Task RunAsync(Bench bench)
    {
        await using var relay = await RelayContender.StartAsync();
        await using var bare = await BareContender.StartAsync();
        await using var storing = await BareContender.StartAsync(stores: true);
        var corpus = bench.Corpus;
        var log = corpus.Bytes;
        var bareChunks = Row(bench, "bare relay, chunks of 32 KiB");
        var bareText = Row(bench, "bare relay, a text message per line and send");
        var barePacked = Row(bench, "bare relay, a text message per line, packed");
        await bench.RoundsAsync(
            Run(bareChunks, bare, Wire.Native, log, () => Pieces.Chunks(log)),
            Run(Row(bench, "bare relay that appends to a file, chunks of 32 KiB", bareChunks), storing, Wire.Native, log, () => Pieces.Chunks(log)),
            Run(Row(bench, "chunks of 32 KiB", bareChunks, new Goal(0.8, 0.6)), relay, Wire.Native, log, () => Pieces.Chunks(log)),
            Run(Row(bench, "as large as the library likes", bareChunks, new Goal(1.0, 0.8)), relay, Wire.Native, log, () => Pieces.Chunks(log, LibraryPieceBytes)),
            Run(Row(bench, "a call per line", bareChunks, new Goal(0.65, 0.45)), relay, Wire.Native, log, () => Pieces.Lines(corpus, corpus.Lines)),
            ProgramPipeline.Measure(Row(bench, "relay-writer pipe, relay tail > file", bareChunks, new Goal(0.5, 0.3)), relay, log),
            Run(bareText, bare, Wire.Text, log, () => Pieces.Lines(corpus, corpus.Lines)),
            Run(Row(bench, "a text message per line and send", bareText, new Goal(0.9, 0.7)), relay, Wire.Text, log, () => Pieces.Lines(corpus, corpus.Lines)),
            Run(barePacked, bare, Wire.PackedText, log, () => Pieces.Lines(corpus, corpus.Lines)),
            Run(Row(bench, "a text message per line, packed", barePacked, new Goal(0.9, 0.7)), relay, Wire.PackedText, log, () => Pieces.Lines(corpus, corpus.Lines)));
    }

    private static Measurement Run(Row row, Contender contender, Wire wire, ReadOnlyMemory<byte> log, Func<IEnumerable<ReadOnlyMemory<byte>>> pieces) => new([row], async () =>
    {
        var time = await Transfer.RunAsync(contender, wire, readers: 1, log, pieces());
        return [new Figure(row, time.MegabytesPerSecond, time.ServerCpu, time.ClientCpu)];
    });

    private Row Row(Bench bench, string name, Row? against = null, Goal? goal = null) =>
        bench.Add(new Row(Id, name, "MB/s") { Against = against, Goal = goal });
}
