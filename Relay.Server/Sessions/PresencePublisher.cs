using Microsoft.AspNetCore.SignalR;
using Relay.Contracts;
using Relay.Server.Storage;
using Relay.Server.Streaming;

namespace Relay.Server.Sessions;

/// <summary>Tells the watchers of a session what happens to it. Groups carry these events only; log bytes never go through them.</summary>
internal sealed partial class PresencePublisher(IHubContext<LogHub> hub, TimeProvider time, ILogger<PresencePublisher> logger)
{
    /// <summary>The group of those who watch an output of a session, or, for <see cref="OutputType.None"/>, the session as a whole, whichever incarnation.</summary>
    // An id has no '/', so the names cannot collide.
    public static string GroupOf(string session, OutputType output) => output == OutputType.None ? $"{session}/" : $"{session}/{output.ToName()}";

    /// <summary>The same for those whose token is for one incarnation.</summary>
    public static string GroupOf(long incarnation, OutputType output) => GroupOf($"//{incarnation}", output);

    /// <summary>Publishes an event. Presence is a hint: nobody waits for its delivery.</summary>
    public void Publish(PresenceKind kind, ISessionLog log, OutputType output = OutputType.None, int? exitCode = null)
    {
        LogPresence(kind, log.Id, output);
        var presence = new PresenceEvent
        {
            Kind = kind,
            Session = log.Id,
            Output = output,
            ExitCode = exitCode,
            TimeMicros = (time.GetUtcNow() - DateTimeOffset.UnixEpoch).Ticks / TimeSpan.TicksPerMicrosecond,
        };
        _ = SendAsync(presence, log.Incarnation);
    }

    private async Task SendAsync(PresenceEvent presence, long incarnation)
    {
        try
        {
            await hub.Clients.Groups(GroupOf(presence.Session, presence.Output), GroupOf(incarnation, presence.Output)).SendAsync(HubRoutes.Presence, presence);
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
