using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Relay.Server.Storage;

/// <summary>SHA-256 of a token: all that is kept of one. Tokens are random, so the hash needs neither salt nor stretching.</summary>
[JsonConverter(typeof(TokenHashConverter))]
internal sealed class TokenHash
{
    private readonly byte[] _bytes;

    private TokenHash(byte[] bytes) => _bytes = bytes;

    /// <summary>Where to look: eight of its bytes. They tell an attacker nothing, for nobody can choose what a token hashes to.</summary>
    public long Prefix => BitConverter.ToInt64(_bytes);

    public static TokenHash Of(string token) => new(SHA256.HashData(Encoding.UTF8.GetBytes(token)));

    /// <summary>Compares in constant time.</summary>
    public bool Matches(TokenHash other) => CryptographicOperations.FixedTimeEquals(_bytes, other._bytes);

    /// <summary>64 hexadecimal digits.</summary>
    public override string ToString() => Convert.ToHexStringLower(_bytes);

    public static bool TryParse(string? text, [NotNullWhen(true)] out TokenHash? hash)
    {
        var bytes = new byte[SHA256.HashSizeInBytes];
        var isHash = text?.Length == 2 * bytes.Length && Convert.FromHexString(text, bytes, out _, out _) == System.Buffers.OperationStatus.Done;
        hash = isHash ? new TokenHash(bytes) : null;
        return isHash;
    }
}

/// <summary>A hash stands in manifests and tombstones as its hexadecimal digits.</summary>
internal sealed class TokenHashConverter : JsonConverter<TokenHash>
{
    public override TokenHash Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        TokenHash.TryParse(reader.GetString(), out var hash) ? hash : throw new JsonException("A token's hash has 64 hexadecimal digits.");

    public override void Write(Utf8JsonWriter writer, TokenHash value, JsonSerializerOptions options) => writer.WriteStringValue(value.ToString());
}

/// <summary>Who may do what with a session, as it is stored.</summary>
/// <param name="Write">Hash of the write token.</param>
/// <param name="Read">Hash of the read token.</param>
/// <param name="Owner">Who created it: the name that limits count by.</param>
internal sealed record SessionAccess(TokenHash Write, TokenHash Read, string Owner);

/// <summary>What a token of a session allows.</summary>
internal enum TokenRight
{
    Read,
    Write,
}

/// <summary>The session a token belongs to; it may be gone, as long as that is remembered.</summary>
internal sealed record TokenOwner(string Session, long Incarnation, TokenRight Right, TokenHash Hash);
