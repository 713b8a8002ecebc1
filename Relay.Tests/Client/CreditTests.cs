using FluentAssertions;
using Microsoft.AspNetCore.SignalR.Protocol;
using Relay.Client;
using Relay.Contracts;
using Relay.Tests.Faults;
using Relay.Tests.TestKit;
using Xunit;

namespace Relay.Tests.Client;

/// <summary>How the library's reader lets the relay send it more.</summary>
public sealed class CreditTests
{
    [Fact]
    public async Task Credits_go_out_together_and_none_is_owed_to_a_relay_that_has_used_them_up()
    {
        var credits = new List<long>();
        var spent = new TaskCompletionSource();
        await using var relay = await LyingRelay.StartAsync(async hub =>
        {
            await hub.GreetAsync();
            var stream = (await hub.InvokedAsync(HubRoutes.ReadPaced)).InvocationId!;
            for (var (left, sent) = (0L, 0); sent < 100; sent++)
            {
                for (; left == 0; left += credits[^1])
                {
                    credits.Add((long)(await hub.NextItemAsync())!);
                }

                left--;
                await hub.SendAsync(new StreamItemMessage(stream, new LogBatch { Cursor = "c", Entries = [new LogEntry { Kind = LogEntryKind.Data, Output = OutputType.Stdout, Data = new byte[1] }] }));
            }

            spent.TrySetResult();
            await hub.SwallowAsync();
        });
        using var client = new RelayClient(relay.Url);
        using var enough = new CancellationTokenSource();

        var reading = ReadAsync();
        await Eventually.Done(spent.Task, "each batch is allowed in time");
        await enough.CancelAsync();

        await reading;
        credits[0].Should().Be(16);
        credits.Skip(1).Should().HaveCountGreaterThan(10).And.OnlyContain(credit => credit == 4);

        async Task ReadAsync()
        {
            try
            {
                await foreach (var _ in client.ReadBatchesAsync("s", cancellationToken: enough.Token))
                {
                }
            }
            catch (OperationCanceledException)
            {
                // As it was told.
            }
        }
    }
}
