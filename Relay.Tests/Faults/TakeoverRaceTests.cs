using System.Diagnostics;
using FluentAssertions;
using Relay.Tests.TestKit;
using Xunit;
using Xunit.Abstractions;

namespace Relay.Tests.Faults;

/// <summary>After a new lease, no byte lands from the old holder.</summary>
[Trait("Category", "Faults")]
public sealed class TakeoverRaceTests(SharedRelay shared, ITestOutputHelper log) : IClassFixture<SharedRelay>
{
    [Fact]
    public async Task Nothing_of_a_fenced_attempt_lands_however_late_its_bytes_arrive()
    {
        var started = Stopwatch.GetTimestamp();
        var size = FaultRun.Size(200, 10_000);
        var delayed = 0L;

        await Seeds.ForEachInParallel(size, async seed =>
        {
            await using var takeover = new Takeover(shared.Host, seed);
            await takeover.RunAsync();
            Interlocked.Add(ref delayed, takeover.DelayedBytes);
        }, perProcessor: 4);

        delayed.Should().BePositive("bytes of older attempts came after the lease of a newer one");
        FaultRun.Report(log, "takeover races, half-open old writers, delayed older attempts", $"{size} seeds", $"0 bytes from a fenced one, of {delayed} that came late", started);
    }
}
