using Relay.Client.Connections;
using Relay.Contracts;

namespace Relay.Client.Reading;

/// <summary>Waits for a session to be created: by presence, which is quick, and by asking again, because presence is only a hint.</summary>
internal sealed class SessionWait
{
    private readonly TaskCompletionSource _created = new(TaskCreationOptions.RunContinuationsAsynchronously);

    private SessionWait()
    {
    }

    /// <summary>Whether waiting may help: no such session, or no longer.</summary>
    public static bool IsFor(RelayException failure) => failure.Code is
        RelayErrorCode.SessionNotFound or RelayErrorCode.SessionDeleted or RelayErrorCode.SessionExpired;

    public static async Task<SessionWait> BeginAsync(HubLink link, string session, CancellationToken cancellationToken)
    {
        var wait = new SessionWait();
        await link.WatchAsync(session, wait.OnPresence, cancellationToken).ConfigureAwait(false);
        return wait;
    }

    /// <summary>Ends when the session was created, or after <paramref name="atMost"/>.</summary>
    public async Task WaitAsync(TimeSpan atMost, TimeProvider time, CancellationToken cancellationToken)
    {
        var delay = Task.Delay(atMost, time, cancellationToken);
        // The signal counts once: a session that was created and is gone again is asked for at the pace of the delays.
        await (_created.Task.IsCompleted ? delay : Task.WhenAny(_created.Task, delay)).ConfigureAwait(false);
        cancellationToken.ThrowIfCancellationRequested();
    }

    private void OnPresence(PresenceEvent happened)
    {
        if (happened.Kind == PresenceKind.SessionCreated)
        {
            _created.TrySetResult();
        }
    }
}
