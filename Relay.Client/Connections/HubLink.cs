using Microsoft.AspNetCore.SignalR.Client;
using Relay.Contracts;

namespace Relay.Client.Connections;

/// <summary>One hub connection from handshake to end. It does not come back: who needs another dials again.</summary>
internal sealed class HubLink(HubConnection connection, WebSocketConnectionFactory transport, ReceiveGuard guard) : IAsyncDisposable
{
    private static readonly TimeSpan DisposeTimeout = TimeSpan.FromSeconds(2);

    private Action<PresenceEvent>? _listeners;

    public HubConnection Connection { get; } = connection;

    /// <summary>Bounds what the relay may send.</summary>
    public ReceiveGuard Guard { get; } = guard;

    /// <summary>Calls back for each presence event of the session, from now on. Events may come before this returns.</summary>
    public async Task WatchAsync(string session, Action<PresenceEvent> onEvent, CancellationToken cancellationToken)
    {
        var isFirst = _listeners is null;
        _listeners += onEvent;
        if (isFirst)
        {
            // One handler for all listeners, so that each event is counted once.
            Connection.On<PresenceEvent>(HubRoutes.Presence, OnPresence);
        }

        await Connection.InvokeAsync(HubRoutes.Watch, new WatchRequest { Session = session }, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Closes in good order if the peer takes part, and tears down otherwise. Never throws.</summary>
    public async ValueTask DisposeAsync()
    {
        var closing = Connection.DisposeAsync().AsTask();
        try
        {
            await closing.WaitAsync(DisposeTimeout).ConfigureAwait(false);
        }
        catch (TimeoutException)
        {
            transport.Abort();
            await closing.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
        catch (Exception)
        {
            transport.Abort();
        }
    }

    private void OnPresence(PresenceEvent happened)
    {
        try
        {
            _listeners?.Invoke(happened);
        }
        finally
        {
            Guard.PresenceTaken();
        }
    }
}
