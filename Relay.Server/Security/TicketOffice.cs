using System.Collections.Concurrent;
using Relay.Contracts;
using Relay.Server.Storage;

namespace Relay.Server.Security;

/// <summary>
/// Tickets: each stands for its caller's token, once, for half a minute. A browser cannot send headers with a WebSocket, and a URL ends up in logs; a
/// ticket that does is worth nothing any more.
/// </summary>
internal sealed class TicketOffice(TimeProvider time)
{
    public static readonly TimeSpan Life = TimeSpan.FromSeconds(30);

    /// <summary>Most tickets of one such time; each costs some 200 bytes.</summary>
    private const int MaxIssued = 100_000;

    private readonly ConcurrentDictionary<long, Issued> _waiting = new();
    private readonly Queue<Issued> _byAge = new();

    /// <exception cref="RelayException">Too many were issued in the last half minute.</exception>
    public string Issue(Caller caller)
    {
        var ticket = RandomToken.Next();
        var issued = new Issued(TokenHash.Of(ticket), caller, time.GetTimestamp());
        lock (_byAge)
        {
            while (_byAge.TryPeek(out var oldest) && IsExpired(oldest))
            {
                _byAge.Dequeue();
                _waiting.TryRemove(KeyValuePair.Create(oldest.Hash.Prefix, oldest));
            }

            if (_byAge.Count >= MaxIssued)
            {
                throw new RelayException(RelayErrorCode.LimitReached, $"{MaxIssued} tickets were issued within {Life.TotalSeconds:0} s; the relay keeps no more. Try again then.");
            }

            _waiting[issued.Hash.Prefix] = issued;
            _byAge.Enqueue(issued);
        }

        return ticket;
    }

    /// <summary>Whose ticket it is; null when it is none, or was used, or is too old.</summary>
    public Caller? Redeem(TokenHash hash) =>
        _waiting.TryGetValue(hash.Prefix, out var issued) && issued.Hash.Matches(hash) && _waiting.TryRemove(KeyValuePair.Create(hash.Prefix, issued)) && !IsExpired(issued)
            ? issued.Caller
            : null;

    private bool IsExpired(Issued issued) => time.GetElapsedTime(issued.At) > Life;

    private sealed record Issued(TokenHash Hash, Caller Caller, long At);
}
