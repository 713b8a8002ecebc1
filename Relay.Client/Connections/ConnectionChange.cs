using Relay.Contracts;

namespace Relay.Client;

/// <summary>How the connection of one reader or writer stands.</summary>
public enum ConnectionState
{
    /// <summary>Connected to the relay; a writer holds its lease.</summary>
    Connected = 1,

    /// <summary>A reader is connected and waits for its session to be created.</summary>
    WaitingForSession = 2,

    /// <summary>Not connected; another attempt follows.</summary>
    Disconnected = 3,

    /// <summary>A writer was refused for good. No attempt follows.</summary>
    Faulted = 4,
}

/// <summary>Reported when the connection of a reader or writer changes, and for every failed attempt to connect.</summary>
/// <param name="State">How it stands now.</param>
/// <param name="Reason">Why, unless connected.</param>
/// <param name="RetryIn">When disconnected: the delay before the next attempt.</param>
public sealed record ConnectionChange(ConnectionState State, RelayException? Reason = null, TimeSpan? RetryIn = null);
