using System.Buffers.Text;
using System.Security.Cryptography;
using Relay.Server.Storage;

namespace Relay.Server.Security;

/// <summary>The tokens of a session that is being created: shown to its creator once, and then forgotten but for their hashes.</summary>
internal sealed record IssuedTokens(string Write, string Read)
{
    public static IssuedTokens Next() => new(RandomToken.Next(), RandomToken.Next());

    /// <summary>What is kept.</summary>
    public SessionAccess ToAccess(string owner) => new(TokenHash.Of(Write), TokenHash.Of(Read), owner);
}

/// <summary>Makes tokens: 32 random bytes in base64url, 43 characters.</summary>
internal static class RandomToken
{
    private const int Bytes = 32;

    public static string Next() => Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(Bytes));
}
