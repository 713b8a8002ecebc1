using System.Diagnostics;

namespace Relay.Benchmarks.Load;

/// <summary>Does something so many times a second, by a schedule: what a late tick left undone the next one does, so that the rate holds.</summary>
internal static class Pace
{
    public const int LinesPerSecond = 1000;

    /// <param name="lines">How many times in all.</param>
    /// <param name="sendAsync">Told how many came before.</param>
    /// <param name="linesPerSecond">How many times a second.</param>
    /// <param name="cancellationToken">Ends it early.</param>
    public static async Task RunAsync(int lines, Func<int, ValueTask> sendAsync, int linesPerSecond = LinesPerSecond, CancellationToken cancellationToken = default)
    {
        using var ticker = new Ticker();
        var began = Stopwatch.GetTimestamp();
        for (var sent = 0; sent < lines && !cancellationToken.IsCancellationRequested;)
        {
            var due = Math.Min(lines, 1 + (int)(Stopwatch.GetElapsedTime(began).TotalSeconds * linesPerSecond));
            for (; sent < due; sent++)
            {
                await sendAsync(sent);
            }

            await ticker.NextAsync();
        }
    }
}
