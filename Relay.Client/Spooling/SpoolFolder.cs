using Relay.Client.Spooling;
using Relay.Contracts;

namespace Relay.Client;

/// <summary>Looks at the spools that stand in a folder, one subfolder each.</summary>
public static class SpoolFolder
{
    /// <summary>Lists the spools, oldest first. A folder that does not exist has none.</summary>
    /// <exception cref="IOException">The folder cannot be read.</exception>
    /// <exception cref="UnauthorizedAccessException">As before.</exception>
    public static IReadOnlyList<SpoolSummary> List(string folder) => !Directory.Exists(folder)
        ? []
        : [.. Directory.EnumerateDirectories(folder).Where(SpoolDescription.IsIn).Select(Look).OfType<SpoolSummary>().OrderBy(spool => spool.StartedAt)];

    /// <summary>Looks at one spool.</summary>
    /// <returns><c>null</c> when there is none in the folder, or no longer.</returns>
    public static SpoolSummary? Look(string folder)
    {
        try
        {
            var found = SpoolDescription.Read(folder);
            var spool = new SpoolSummary(folder, found.Session, found.Url, found.StartedAt) { IsKeptWhenDrained = found.KeepWhenDrained };
            return TryLook(folder) is { } inside
                ? spool with { UndeliveredBytes = inside.Bytes, HasEnd = inside.HasEnd, WasAttempted = inside.WasAttempted, Refusal = inside.Refusal }
                : spool with { IsInUse = true };
        }
        catch (Exception e) when (e is DirectoryNotFoundException or FileNotFoundException)
        {
            return null; // Its writer has just delivered the last of it.
        }
        catch (Exception e) when (e is InvalidDataException or IOException or UnauthorizedAccessException)
        {
            return new SpoolSummary(folder, "", RelayClientOptions.DefaultUrl, default) { Problem = e.Message };
        }
    }

    /// <summary>
    /// Removes what is no spool any more, or never became one: subfolders that a process left which died while it made or removed them.
    /// </summary>
    /// <param name="folder">The folder of spools.</param>
    /// <param name="before">Only those that were not touched since then.</param>
    public static void Sweep(string folder, DateTimeOffset before)
    {
        if (!Directory.Exists(folder))
        {
            return;
        }

        foreach (var dead in Directory.EnumerateDirectories(folder).Where(subfolder => !SpoolDescription.IsIn(subfolder) && File.Exists(Path.Combine(subfolder, "lock"))))
        {
            try
            {
                if (Directory.GetLastWriteTimeUtc(dead) < before.UtcDateTime)
                {
                    Discard(dead);
                }
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                // Another time, or another process.
            }
        }
    }

    /// <summary>Removes a spool, whatever it holds.</summary>
    /// <exception cref="SpoolInUseException">A writer has it.</exception>
    public static void Discard(string folder)
    {
        using var held = SpoolLock.Acquire(folder);
        Directory.Delete(folder, recursive: true);
    }

    internal static SpoolDescription Redirect(string folder, string session)
    {
        SessionIds.ThrowIfInvalid(session);
        using var held = SpoolLock.Acquire(folder);
        using var state = SpoolState.Open(folder);
        var found = SpoolDescription.Read(folder) with { Session = session, ReplaceSession = false };
        found.Write(folder);
        state.Redirect();
        return found;
    }

    private static (long Bytes, bool HasEnd, bool WasAttempted, RelayErrorCode? Refusal)? TryLook(string folder)
    {
        try
        {
            using var held = SpoolLock.AcquireToLook(folder);
            using var state = SpoolState.Open(folder);
            var content = SpoolContent.Load(folder);
            content.Segments.ForEach(segment => segment.Dispose());
            var bytes = OutputTypes.All.Sum(output =>
                Math.Max(0, Math.Max(content.Lanes[SpoolLane.Slot(output)].Accepted, state.Accepted(output).Accepted) - state.Durable(output)));
            return (bytes, state.Facts.IsCompleting, state.Facts.Attempt > 0, state.Facts.Refusal);
        }
        catch (SpoolInUseException)
        {
            return null;
        }
    }
}

/// <summary>One spool, as <see cref="SpoolFolder.List"/> found it.</summary>
/// <param name="Folder">The run's folder.</param>
/// <param name="Session">The session its bytes are of.</param>
/// <param name="Url">The relay they are for.</param>
/// <param name="StartedAt">When the run began, UTC.</param>
public sealed record SpoolSummary(string Folder, string Session, Uri Url, DateTimeOffset StartedAt)
{
    /// <summary>A writer has it, so nothing else is known of it.</summary>
    public bool IsInUse { get; init; }

    /// <summary>How many bytes the relay had not called durable, gaps included.</summary>
    public long UndeliveredBytes { get; init; }

    /// <summary>Whether the run ended and the relay is to be told so.</summary>
    public bool HasEnd { get; init; }

    /// <summary>Whether a writer ever asked the relay for the outputs. If none did, and nothing was written, the relay knows nothing of the run.</summary>
    public bool WasAttempted { get; init; }

    /// <summary>Whether it stays when all of it is delivered, for the checkpoints in it.</summary>
    public bool IsKeptWhenDrained { get; init; }

    /// <summary>
    /// Whether something is left to be done: bytes or an end to be delivered, or outputs to be closed. Any other spool is removed by its writer; one
    /// that stands there with nothing in it is of a writer that was killed, and whose readers wait for it.
    /// </summary>
    public bool IsOwed => UndeliveredBytes > 0 || HasEnd || !IsKeptWhenDrained;

    /// <summary>Why the relay refused the run for good; <c>null</c> if it did not.</summary>
    public RelayErrorCode? Refusal { get; init; }

    /// <summary>Why the spool cannot be read; <c>null</c> if it can.</summary>
    public string? Problem { get; init; }
}
