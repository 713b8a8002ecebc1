using System.Diagnostics;
using Relay.Benchmarks.Contenders;
using Relay.Benchmarks.Load;
using Relay.Benchmarks.Reporting;

namespace Relay.Benchmarks.Workloads;

/// <summary>W8: from the start of the process to the first request served, and to the first line of the first session through. The relay begins with an empty folder.</summary>
internal sealed class Startup : IWorkload
{
    public string Id => "W8";

    public string Title => "start";

    public async Task RunAsync(Bench bench)
    {
        var bareRequest = Row(bench, "bare relay, first request");
        var request = Row(bench, "first request", bareRequest);
        var bareLine = Row(bench, "bare relay, first line through");
        var line = Row(bench, "first line through", bareLine);
        await bench.RoundsAsync(
            Run(bareRequest, bareLine, async () => await BareContender.StartAsync()),
            Run(request, line, async () => await RelayContender.StartAsync()));
    }

    private static Measurement Run(Row request, Row line, Func<Task<Contender>> startAsync) => new([request, line], async () =>
    {
        await using var contender = await startAsync();
        var began = Stopwatch.GetTimestamp();
        var log = "A line.\n"u8.ToArray();
        await contender.CreateSessionAsync("first");
        await using var receiver = await contender.OpenReceiverAsync("first", Wire.Native, new Receipt(log));
        await using var sender = await contender.OpenSenderAsync("first", Wire.Native);
        await sender.SendAsync(log);
        await receiver.Receipt.Whole;
        var (start, rest) = (contender.Server.StartTime, Stopwatch.GetElapsedTime(began));
        return [new Figure(request, start.TotalMilliseconds), new Figure(line, (start + rest).TotalMilliseconds, contender.Server.Cpu)];
    });

    private Row Row(Bench bench, string name, Row? against = null) => bench.Add(new Row(Id, name, "ms") { Against = against });
}
