using System.Diagnostics;
using System.Globalization;
using System.Net;
using FluentAssertions;
using Relay.Tests.Faults;
using Relay.Tests.TestKit;
using Xunit;
using Xunit.Abstractions;

namespace Relay.Tests.Abuse;

/// <summary>Connections that send the headers of a request one byte at a time, and never the last (slowloris).</summary>
[Collection(Alone.Name)]
public sealed class SlowHeadersTests(ITestOutputHelper output)
{
    private const int TicksPerSecond = 100;
    private static readonly int Attackers = FaultRun.Size(200, 5000);
    private static readonly int Lines = FaultRun.Size(2000, 50_000);

    [Fact]
    public async Task Connections_that_dribble_their_headers_are_ended_and_slow_no_neighbour()
    {
        var started = Stopwatch.GetTimestamp();
        await using var relay = await MeasuredRelay.StartAsync("--Limits:HeaderTimeout", FaultRun.IsFull ? "00:00:15" : "00:00:03");
        await using var neighbour = await RoundTrips.StartAsync(relay.Api);
        var quiet = await neighbour.MeasureAsync(Lines);
        var (handles, memory) = (relay.Handles(), await relay.HeapAsync());

        var attackers = new List<RawTcp>();
        for (var i = 0; i < Attackers; i++)
        {
            var attacker = await RawTcp.Connect(relay.BaseAddress, IPAddress.Parse($"127.0.9.{i % 100}"));
            await attacker.Send("GET /health HTTP/1.1\r\nHost: localhost\r\nX-Slow: ");
            attackers.Add(attacker);
        }

        var (most, cost) = (relay.Handles(), await relay.HeapAsync() - memory);
        using var over = new CancellationTokenSource();
        var dribble = DribbleAsync(attackers, over.Token);
        var attacked = await neighbour.MeasureAsync(Lines);
        await over.CancelAsync();
        await dribble;

        var ends = Task.WhenAll(attackers.Select(attacker => attacker.WaitForEnd()));
        do
        {
            (await neighbour.MeasureAsync(10)).Median.Should().BePositive(); // One that did not look at its socket would leave a ping unanswered.
        }
        while (!ends.IsCompleted);

        await ends;
        attackers.ForEach(attacker => attacker.Dispose());
        await Eventually.True(() => relay.Handles() <= handles + 5, "the relay gives back what the attackers held", describe: relay.Describe);
        (await neighbour.MeasureAsync(10)).Median.Should().BePositive();
        FaultRun.ReportAttack(
            output,
            "headers that never end (slowloris)",
            string.Create(CultureInfo.InvariantCulture, $"{Attackers} connections"),
            string.Create(CultureInfo.InvariantCulture, $"a neighbour's line: {attacked} (quiet: {quiet}); {most - handles} handles, {cost >> 20} MiB while they stay; all ended, 0 handles left"),
            started);
    }

    /// <summary>A byte to each in a second, until there is enough; those that were hung up on are passed over.</summary>
    private static async Task DribbleAsync(List<RawTcp> attackers, CancellationToken over)
    {
        using var tick = new PeriodicTimer(TimeSpan.FromSeconds(1.0 / TicksPerSecond), TimeProvider.System);
        for (var turn = 0; !over.IsCancellationRequested && await tick.WaitForNextTickAsync(CancellationToken.None); turn++)
        {
            foreach (var attacker in attackers.Where((_, i) => i % TicksPerSecond == turn % TicksPerSecond))
            {
                await SendAsync(attacker);
            }
        }
    }

    private static async Task SendAsync(RawTcp attacker)
    {
        try
        {
            await attacker.Send("x");
        }
        catch (IOException)
        {
            // The relay has had enough of this one.
        }
    }
}
