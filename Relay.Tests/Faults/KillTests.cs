using System.Diagnostics;
using System.Globalization;
using Xunit;
using Xunit.Abstractions;

namespace Relay.Tests.Faults;

/// <summary>kill -9 of the relay, the writer, the job or the reader, at a random moment under load.</summary>
[Trait("Category", "EndToEnd")]
public sealed class KillTests(ITestOutputHelper output)
{
    private const int CyclesPerRelay = 25;

    [Fact]
    public async Task Whoever_is_killed_readers_get_the_writers_bytes_once_and_no_acked_byte_is_lost()
    {
        var started = Stopwatch.GetTimestamp();
        var (relays, bytes) = (FaultRun.Size(everyRun: 1, full: 40), 0L);
        var kills = new Dictionary<string, int>(StringComparer.Ordinal);
        await Seeds.ForEach(relays, async seed =>
        {
            await using var harness = await KillHarness.StartAsync(seed);
            for (var cycle = 1; cycle <= CyclesPerRelay; cycle++)
            {
                await harness.Cycle(cycle);
            }

            bytes += await harness.FinishAsync();
            foreach (var (party, count) in harness.Kills)
            {
                kills[party] = kills.GetValueOrDefault(party) + count;
            }
        });

        var victims = string.Join(", ", kills.Select(kill => $"{kill.Key} {kill.Value}"));
        FaultRun.Report(
            output,
            "kill -9 of a random party under load: readers' bytes = writer's bytes, nothing twice, no acked byte lost",
            $"{relays * CyclesPerRelay} cycles",
            string.Create(CultureInfo.InvariantCulture, $"{bytes / 1e6:0} MB through {relays} relays ({victims}); 0 lost, 0 twice"),
            started);
    }
}
