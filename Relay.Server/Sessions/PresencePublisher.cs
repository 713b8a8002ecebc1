using Microsoft.AspNetCore.SignalR;
using Relay.Contracts;
using Relay.Server.Streaming;

namespace Relay.Server.Sessions;

/// <summary>Tells the watchers of a session what happens to it. Groups carry these events only; log bytes never go through them.</summary>
internal sealed partial class PresencePublisher(IHubContext<LogHub> hub, TimeProvider time, ILogger<PresencePublisher> logger)
{
    /// <summary>The groups a watcher of these outputs joins: one for each output, and one for the session as a whole.</summary>
    public static IEnumerable<string> GroupsOf(string session, IEnumerable<OutputType> outputs) =>
        outputs.Select(output => GroupOf(session, output)).Prepend(GroupOf(session, OutputType.None));

    /// <summary>Publishes an event. Presence is a hint: nobody waits for its delivery.</summary>
    public void Publish(PresenceKind kind, string session, OutputType output = OutputType.None, int? exitCode = null)
    {
        LogPresence(kind, session, output);
        var presence = new PresenceEvent
        {
            Kind = kind,
            Session = session,
            Output = output,
            ExitCode = exitCode,
            TimeMicros = (time.GetUtcNow() - DateTimeOffset.UnixEpoch).Ticks / TimeSpan.TicksPerMicrosecond,
        };
        _ = SendAsync(presence);
    }

    // An id has no '/', so the names cannot collide.
    private static string GroupOf(string session, OutputType output) => output == OutputType.None ? $"{session}/" : $"{session}/{output.ToName()}";

    private async Task SendAsync(PresenceEvent presence)
    {
        try
        {
            await hub.Clients.Group(GroupOf(presence.Session, presence.Output)).SendAsync(HubRoutes.Presence, presence);
        }
        catch (Exception e)
        {
            LogSendFailed(e, presence.Kind, presence.Session);
        }
    }

    [LoggerMessage(LogLevel.Information, "{Kind} {Session} {Output}")]
    private partial void LogPresence(PresenceKind kind, string session, OutputType output);

    [LoggerMessage(LogLevel.Warning, "Presence {Kind} of {Session} could not be sent")]
    private partial void LogSendFailed(Exception failure, PresenceKind kind, string session);
}
