using FluentAssertions;
using Relay.Tests.TestKit;

namespace Relay.Tests.Faults;

/// <summary>
/// Runs one exchange over and over, each time cutting the connection after another byte, until it is over before it would be cut. How many bytes that
/// takes differs: acks are coalesced and items packed as they come.
/// </summary>
internal sealed class CutExchange(RelayHost relay, params (CutKind How, ProxySide SeenBy)[] kinds)
{
    private const int UncutAtEnd = 9;
    private const int ShortestHead = 60;

    public static readonly (CutKind How, ProxySide SeenBy) Reset = (CutKind.Reset, ProxySide.Both);
    public static readonly (CutKind How, ProxySide SeenBy) Fin = (CutKind.Fin, ProxySide.Both);

    /// <summary>The relay goes on with a connection of which it does not know that it is dead.</summary>
    public static readonly (CutKind How, ProxySide SeenBy) UnseenByServer = (CutKind.Reset, ProxySide.Client);

    /// <summary>How often a connection was really cut.</summary>
    public int Made { get; private set; }

    /// <param name="exchange">Does it all and judges the outcome; is given the address behind which the relay is.</param>
    public async Task CutEverywhere(Func<Uri, Task> exchange)
    {
        foreach (var direction in Enum.GetValues<ProxyDirection>())
        {
            var lastCut = -1;
            for (int at = 0, tried = 0, uncut = 0; uncut < UncutAtEnd; at += FaultRun.Size(16, 1))
            {
                // The kinds of cut take turns. In full, where every byte has its turn, so does every kind at every byte.
                foreach (var (how, seenBy) in FaultRun.IsFull ? kinds : [kinds[tried % kinds.Length]])
                {
                    tried++;
                    if (await Cut(exchange, direction, at, how, seenBy))
                    {
                        (uncut, lastCut) = (0, at);
                        Made++;
                    }
                    else
                    {
                        uncut++;
                    }
                }
            }

            lastCut.Should().BeGreaterThan(ShortestHead, $"a request, and an answer, is longer than that {direction}");
        }
    }

    private async Task<bool> Cut(Func<Uri, Task> exchange, ProxyDirection direction, long at, CutKind how, ProxySide seenBy)
    {
        await using var proxy = FaultProxy.To(relay.BaseAddress);
        proxy.OnConnection = connection =>
        {
            // The bytes of an exchange are counted over the connections it takes; they come one after the other.
            var before = proxy.Connections.Take(connection.Number).ToList();
            if (!before.Exists(earlier => earlier.IsCut))
            {
                connection[direction].CutAfter(at - before.Sum(earlier => earlier[direction].Forwarded), how, seenBy);
            }
        };
        try
        {
            await Eventually.Done(exchange(proxy.Address), "the exchange ends");
        }
        catch (Exception e)
        {
            throw new InvalidOperationException($"Cut after byte {at} {direction} by {how}, seen by {seenBy}: {e.Message}", e);
        }

        return proxy.Connections.Any(connection => connection.IsCut);
    }
}
