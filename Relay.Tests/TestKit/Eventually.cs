using System.Diagnostics;

namespace Relay.Tests.TestKit;

/// <summary>The one place where tests wait for time to pass. Every wait has a deadline and says what it waited for.</summary>
internal static class Eventually
{
    public static readonly TimeSpan DefaultDeadline = TimeSpan.FromSeconds(30);

    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(20);

    public static Task True(Func<bool> condition, string because, TimeSpan? deadline = null, Func<string>? describe = null) =>
        True(() => Task.FromResult(condition()), because, deadline, describe);

    /// <summary>Asks until the answer is yes. A question that throws counts as no; what it threw stands in the failure.</summary>
    public static async Task True(Func<Task<bool>> condition, string because, TimeSpan? deadline = null, Func<string>? describe = null)
    {
        var limit = deadline ?? DefaultDeadline;
        var started = Stopwatch.GetTimestamp();
        Exception? last = null;
        var asked = 0;
        while (true)
        {
            var left = limit - Stopwatch.GetElapsedTime(started);
            try
            {
                asked++;
                last = null;
                if (await condition().WaitAsync(left > Pause ? left : Pause, TimeProvider.System))
                {
                    return;
                }
            }
            catch (Exception exception)
            {
                last = exception;
            }

            if (Stopwatch.GetElapsedTime(started) >= limit)
            {
                throw new TimeoutException(Failure(because, limit, $"asked {asked} times", describe), last);
            }

            await Task.Delay(Pause, TimeProvider.System);
        }
    }

    /// <summary>Waits for a task, but not for ever.</summary>
    public static async Task Done(Task task, string because, TimeSpan? deadline = null, Func<string>? describe = null)
    {
        var limit = deadline ?? DefaultDeadline;
        try
        {
            await task.WaitAsync(limit, TimeProvider.System);
        }
        catch (TimeoutException exception) when (!task.IsCompleted)
        {
            throw new TimeoutException(Failure(because, limit, "still running", describe), exception);
        }
    }

    /// <inheritdoc cref="Done(Task, string, TimeSpan?, Func{string}?)"/>
    public static async Task<T> Done<T>(Task<T> task, string because, TimeSpan? deadline = null, Func<string>? describe = null)
    {
        await Done((Task)task, because, deadline, describe);
        return await task;
    }

    private static string Failure(string because, TimeSpan limit, string how, Func<string>? describe) =>
        $"Expected within {limit.TotalSeconds:0.#} s: {because} ({how}).{(describe is null ? "" : $"{Environment.NewLine}{describe()}")}";
}
