namespace Relay.Client.Connections;

/// <summary>The header <c>WWW-Authenticate: Bearer …</c> (RFC 6750): all that a WebSocket's client gets to see of why it was refused.</summary>
internal static class BearerChallenge
{
    private const string Name = "error_description=\"";

    /// <summary>What the relay says; null when the header says nothing.</summary>
    public static string? DescriptionOf(string header)
    {
        var begin = header.IndexOf(Name, StringComparison.Ordinal) + Name.Length;
        var end = begin < Name.Length ? -1 : header.IndexOf('"', begin);
        return end < 0 ? null : header[begin..end];
    }
}
