using Microsoft.Extensions.Options;

namespace Relay.Server.Sessions;

/// <summary>Ends sessions after their time to live. The loop ticks; <see cref="SessionRegistry.SweepAsync"/> decides.</summary>
internal sealed partial class SessionSweeper(SessionRegistry registry, IOptions<SessionOptions> options, TimeProvider time, ILogger<SessionSweeper> logger)
    : BackgroundService
{
    // Each may have to wait for the disk, and a relay that stops has little time.
    private const int ParallelSaves = 8;
    private volatile string? _failure;

    /// <summary>Why the last sweep failed; null when it went well.</summary>
    public string? Failure => _failure;

    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        await base.StopAsync(cancellationToken);
        // Also when the time for a stop is over: what is not saved shortens the sessions' lives.
        var sessions = await registry.ListAsync(CancellationToken.None);
        await Parallel.ForEachAsync(
            sessions, new ParallelOptions { MaxDegreeOfParallelism = ParallelSaves }, async (session, _) => await session.SaveActivityAsync(CancellationToken.None));
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(options.Value.SweepInterval, time);
        try
        {
            while (await timer.WaitForNextTickAsync(stoppingToken))
            {
                await SweepAsync(stoppingToken);
            }
        }
        catch (OperationCanceledException)
        {
            // Stopping, or the host never got to start.
        }
    }

    private async Task SweepAsync(CancellationToken stoppingToken)
    {
        try
        {
            var ended = await registry.SweepAsync(stoppingToken);
            if (ended > 0)
            {
                LogSwept(ended);
            }

            _failure = null;
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            _failure = "the sweep failed; the log has the cause";
            LogSweepFailed(e);
        }
    }

    [LoggerMessage(LogLevel.Information, "{Count} sessions expired")]
    private partial void LogSwept(int count);

    [LoggerMessage(LogLevel.Error, "The sweep failed; sessions do not expire until one succeeds")]
    private partial void LogSweepFailed(Exception failure);
}
