namespace Relay.Contracts;

/// <summary>
/// Version of the hub messages. It grows when a message changes in a way that an older peer would misread;
/// a new trailing field does not count, because every peer skips fields it does not know.
/// </summary>
public static class ContractVersion
{
    /// <summary>The version this build speaks, sent first in <see cref="WriteRequest"/> and <see cref="ReadRequest"/>.</summary>
    public const int Current = 1;
}
