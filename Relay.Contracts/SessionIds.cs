using System.Diagnostics.CodeAnalysis;
using System.Text;

namespace Relay.Contracts;

/// <summary>The rules for session ids.</summary>
public static class SessionIds
{
    /// <summary>Longest id, in UTF-8 bytes.</summary>
    public const int MaxBytes = 256;

    /// <summary>Checks an id.</summary>
    /// <param name="id">The id as the client chose it.</param>
    /// <param name="problem">What is wrong and what would be right.</param>
    public static bool IsValid([NotNullWhen(true)] string? id, [NotNullWhen(false)] out string? problem)
    {
        problem = Problem(id);
        return problem is null;
    }

    /// <summary>Throws unless the id is valid.</summary>
    /// <exception cref="RelayException"><see cref="RelayErrorCode.InvalidSessionId"/>.</exception>
    public static void ThrowIfInvalid([NotNull] string? id)
    {
        if (!IsValid(id, out var problem))
        {
            throw new RelayException(RelayErrorCode.InvalidSessionId, problem);
        }
    }

    private static string? Problem(string? id)
    {
        const string rule = "A session id has 1–256 UTF-8 bytes without control characters, '/' or '\\', and is not '.' or '..'.";
        if (string.IsNullOrEmpty(id))
        {
            return $"The session id is empty. {rule}";
        }

        if (id is "." or "..")
        {
            return $"'{id}' cannot be a session id. {rule}";
        }

        foreach (var c in id)
        {
            if (char.IsControl(c) || c is '/' or '\\')
            {
                return $"The session id contains the character U+{(int)c:X4}. {rule}";
            }
        }

        try
        {
            var bytes = new UTF8Encoding(false, throwOnInvalidBytes: true).GetByteCount(id);
            return bytes > MaxBytes ? $"The session id has {bytes} UTF-8 bytes. {rule}" : null;
        }
        catch (EncoderFallbackException)
        {
            return $"The session id contains half of a surrogate pair. {rule}";
        }
    }
}
