using System.Runtime.CompilerServices;
using System.Threading.Channels;
using Relay.Client.Connections;
using Relay.Contracts;

namespace Relay.Client.Reading;

/// <summary>Follows presence over as many connections as it takes.</summary>
internal static class PresenceWatch
{
    private const int Capacity = 256;

    public static async IAsyncEnumerable<PresenceEvent> EventsAsync(
        HubDialer dialer, string session, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var backoff = new RetryBackoff(dialer.Options);
        while (true)
        {
            // Presence is a hint: a consumer that stays behind loses the oldest events, not its memory.
            var events = Channel.CreateBounded<PresenceEvent>(new BoundedChannelOptions(Capacity) { FullMode = BoundedChannelFullMode.DropOldest });
            var (link, failure) = await BeginAsync(dialer, session, events.Writer, cancellationToken).ConfigureAwait(false);
            if (link is not null)
            {
                backoff.Reset();
                await using var _ = link.ConfigureAwait(false);
                await foreach (var happened in events.Reader.ReadAllAsync(cancellationToken).ConfigureAwait(false))
                {
                    yield return happened;
                }
            }

            await Task.Delay(failure is null ? backoff.Next() : backoff.Next(failure), dialer.Options.TimeProvider, cancellationToken).ConfigureAwait(false);
        }
    }

    /// <returns>A link that feeds the events and ends them when it breaks; or why there is none, when it is worth another attempt.</returns>
    private static async Task<(HubLink? Link, RelayException? Failure)> BeginAsync(
        HubDialer dialer, string session, ChannelWriter<PresenceEvent> events, CancellationToken cancellationToken)
    {
        HubLink? link = null;
        try
        {
            link = await dialer.DialAsync(cancellationToken).ConfigureAwait(false);
            link.Connection.Closed += _ =>
            {
                events.TryComplete();
                return Task.CompletedTask;
            };
            await link.WatchAsync(session, happened => events.TryWrite(happened), cancellationToken).ConfigureAwait(false);
            return (link, null);
        }
        catch (Exception e)
        {
            if (link is not null)
            {
                await link.DisposeAsync().ConfigureAwait(false);
            }

            cancellationToken.ThrowIfCancellationRequested();
            var failure = HubFailures.ToRelay(e);
            return failure.IsRetryable ? (null, failure) : throw failure;
        }
    }
}
