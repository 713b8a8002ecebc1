using System.Collections.Frozen;
using System.Text.Json;

namespace Relay.Contracts;

/// <summary>Names and properties of <see cref="RelayErrorCode"/>.</summary>
public static class RelayErrorCodes
{
    private static readonly FrozenDictionary<RelayErrorCode, string> Names =
        Enum.GetValues<RelayErrorCode>().ToFrozenDictionary(code => code, code => JsonNamingPolicy.SnakeCaseLower.ConvertName(code.ToString()));

    private static readonly FrozenDictionary<string, RelayErrorCode> Codes =
        Names.ToFrozenDictionary(pair => pair.Value, pair => pair.Key, StringComparer.Ordinal);

    /// <summary>The name on the wire, e.g. <c>session_not_found</c>.</summary>
    public static string ToName(this RelayErrorCode code) => Names[code];

    /// <summary>Reads a name from the wire.</summary>
    public static bool TryParse(string name, out RelayErrorCode code) => Codes.TryGetValue(name, out code);

    /// <summary>Whether the same request may succeed later without a change.</summary>
    public static bool IsRetryable(this RelayErrorCode code) => code is
        RelayErrorCode.StorageFull or RelayErrorCode.StorageFailed or RelayErrorCode.ServerStopping or RelayErrorCode.ConnectionLost or RelayErrorCode.InternalError
            or RelayErrorCode.TooManyRequests or RelayErrorCode.LimitReached;
}
