using Relay.Contracts;

namespace Relay.Cli.Sessions;

/// <summary>Where a watch is shown: on a terminal's screen, or line by line.</summary>
internal interface ISessionsView
{
    void Show(IReadOnlyList<SessionStatus> sessions);

    /// <summary>The relay is away for now.</summary>
    void Failed(RelayException failure);
}

/// <summary>Asks once a second until it is cancelled. A relay that is away at the start is an error, later it is waited for.</summary>
internal sealed class SessionsWatch(SessionsQuery query, ISessionsView view, TimeProvider time)
{
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);

    public async Task RunAsync(CancellationToken cancellationToken)
    {
        view.Show(await query.RunAsync(cancellationToken));
        while (true)
        {
            await Task.Delay(Pause, time, cancellationToken);
            try
            {
                view.Show(await query.RunAsync(cancellationToken));
            }
            catch (RelayException failure) when (failure.IsRetryable)
            {
                view.Failed(failure);
            }
        }
    }
}
