using System.Diagnostics;
using FluentAssertions;
using Microsoft.AspNetCore.SignalR;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Relay.Tests.TestKit;
using Xunit;
using Xunit.Abstractions;

namespace Relay.Tests.Faults;

/// <summary>Deleting a session and creating it again makes another one, for everybody.</summary>
[Trait("Category", "Faults")]
public sealed class RecreateRaceTests(ITestOutputHelper log)
{
    [Fact]
    public async Task A_session_created_anew_has_nothing_of_the_old_one_and_everybody_learns_the_end()
    {
        var started = Stopwatch.GetTimestamp();
        var size = FaultRun.Size(200, 10_000);
        var (lives, streams) = (0, 0);
        var errors = new ErrorLog();
        await using var relay = await RelayHost.StartAsync(options =>
        {
            options.Settings["Streaming:ReaderGrace"] = "01:00:00"; // So a reader ends by a deletion or a completion only.
            // SignalR logs every refusal as an error.
            options.Customize = builder =>
            {
                builder.Logging.AddProvider(errors).AddFilter<ErrorLog>("Microsoft.AspNetCore.SignalR", LogLevel.None);
                builder.Services.Configure<HubOptions>(hub => hub.EnableDetailedErrors = true);
            };
        });

        await Seeds.ForEachInParallel(size, async seed =>
        {
            var race = new RecreateRace(relay, seed);
            await race.RunAsync();
            Interlocked.Add(ref lives, race.Lives);
            Interlocked.Add(ref streams, race.StreamsRead);
        }, perProcessor: 4);

        errors.Errors.Should().BeEmpty();
        FaultRun.Report(log, "create/delete/recreate races with readers and writers attached", $"{size} seeds", $"{lives} sessions, {streams} reads: 0 bytes of another incarnation, every end told", started);
    }
}
