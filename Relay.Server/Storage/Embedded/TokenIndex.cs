using System.Collections.Concurrent;

namespace Relay.Server.Storage.Embedded;

/// <summary>Finds the session of a token, also of one that is gone and remembered: its clients are to be told so, and not that they are strangers.</summary>
internal sealed class TokenIndex
{
    // By eight bytes of the hash: two of a thousand million tokens share them once in ten thousand relays.
    private readonly ConcurrentDictionary<long, TokenOwner> _owners = new();

    public TokenOwner? Find(TokenHash hash) => _owners.GetValueOrDefault(hash.Prefix) is { } owner && owner.Hash.Matches(hash) ? owner : null;

    /// <param name="session">Id of the session.</param>
    /// <param name="incarnation">Its incarnation.</param>
    /// <param name="access">Its tokens; null when it is from a relay that knew none.</param>
    public void Add(string session, long incarnation, SessionAccess? access)
    {
        if (access is not null)
        {
            _owners[access.Write.Prefix] = new TokenOwner(session, incarnation, TokenRight.Write, access.Write);
            _owners[access.Read.Prefix] = new TokenOwner(session, incarnation, TokenRight.Read, access.Read);
        }
    }

    public void Remove(SessionAccess? access)
    {
        if (access is not null)
        {
            _owners.TryRemove(access.Write.Prefix, out _);
            _owners.TryRemove(access.Read.Prefix, out _);
        }
    }
}
