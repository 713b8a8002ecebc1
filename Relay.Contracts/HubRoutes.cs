namespace Relay.Contracts;

/// <summary>Where the hub lives and what its methods are called.</summary>
public static class HubRoutes
{
    /// <summary>Path of the hub on the server.</summary>
    public const string Logs = "/hubs/logs";

    /// <summary><c>Write(WriteRequest, stream of WriteItem) → stream of WriteAck</c>.</summary>
    public const string Write = "Write";

    /// <summary><c>Read(ReadRequest) → stream of LogBatch</c>.</summary>
    public const string Read = "Read";

    /// <summary><c>ReadPaced(ReadRequest, stream of int) → stream of LogBatch</c>: each credit allows one more batch.</summary>
    public const string ReadPaced = "ReadPaced";

    /// <summary><c>ReadLines(LinesRequest) → LinePage</c>: some lines from anywhere in a log.</summary>
    public const string ReadLines = "ReadLines";

    /// <summary><c>Search(SearchRequest) → stream of SearchBatch</c>: where in a log lines match.</summary>
    public const string Search = "Search";

    /// <summary><c>Sessions(SessionsRequest) → stream of SessionsBatch</c>: every session, and what becomes of them.</summary>
    public const string Sessions = "Sessions";

    /// <summary><c>Watch(WatchRequest)</c>: join the presence groups of a session.</summary>
    public const string Watch = "Watch";

    /// <summary><c>Unwatch(WatchRequest)</c>: leave them.</summary>
    public const string Unwatch = "Unwatch";

    /// <summary>Client method that the server invokes with one <see cref="PresenceEvent"/>.</summary>
    public const string Presence = "Presence";
}
