namespace Relay.Client;

/// <summary>What allows others to use a session: the relay shows these once, when it creates the session, and keeps only their SHA-256.</summary>
/// <param name="Write">Allows to write the session's outputs and to complete it.</param>
/// <param name="Read">Allows to read it.</param>
public sealed record SessionTokens(string Write, string Read)
{
    /// <summary>Nothing that is secret.</summary>
    public override string ToString() => nameof(SessionTokens);
}
