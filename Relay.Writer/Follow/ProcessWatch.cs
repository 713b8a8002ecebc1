using System.Diagnostics;
using System.Globalization;

namespace Relay.Writer.Follow;

/// <summary>Waits for the end of a process that is not our child. Its number may be given to another one meanwhile, so the time of its start counts too.</summary>
internal sealed class ProcessWatch
{
    private readonly int _id;
    private readonly string? _started;

    public ProcessWatch(int id)
    {
        _id = id;
        _started = Started(id);
    }

    public bool IsGone => _started is null || Started(_id) != _started;

    public async Task UntilGoneAsync(FollowPace pace, CancellationToken cancellationToken)
    {
        while (!IsGone)
        {
            await Task.Delay(pace.Poll, pace.Time, cancellationToken);
        }
    }

    /// <returns>When the process began, in whatever unit; <c>null</c> when it has ended, even if nobody has asked yet how.</returns>
    private static string? Started(int id)
    {
        try
        {
            if (!OperatingSystem.IsLinux())
            {
                using var process = Process.GetProcessById(id);
                return process.HasExited ? null : process.StartTime.ToString("O", CultureInfo.InvariantCulture);
            }

            // proc_pid_stat(5): the name stands in parentheses and may hold anything; behind it come the state, field 3, and the start, field 22.
            var status = File.ReadAllText($"/proc/{id}/stat");
            var fields = status[(status.LastIndexOf(')') + 2)..].Split(' ');
            return fields[0] is "Z" or "X" ? null : fields[19];
        }
        catch (Exception failure) when (failure is IOException or ArgumentException or InvalidOperationException)
        {
            return null;
        }
    }
}
