namespace Relay.Writer.Delivering;

/// <summary>Where spools stand unless told otherwise.</summary>
internal static class SpoolPlaces
{
    public const string Variable = "RELAY_SPOOL";

    /// <summary>Subfolders that are no spools are left alone for so long: another process may be making one.</summary>
    public static readonly TimeSpan SweepAfter = TimeSpan.FromHours(1);

    /// <summary>
    /// The folder that <c>RELAY_SPOOL</c> names; else one in the user's state folder (XDG Base Directory Specification), and where there is
    /// no home that can be written, as in many containers, one in the temporary folder.
    /// </summary>
    public static IReadOnlyList<string> Default => Environment.GetEnvironmentVariable(Variable) is { Length: > 0 } given
        ? [given]
        : [.. Homes().Select(home => Path.Combine(home, "sparklogrelay", "spool")), Shared];

    private static string Shared => Path.Combine(Path.GetTempPath(), $"sparklogrelay-spool-{Environment.UserName}");

    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;

    /// <summary>In the temporary folder anybody may have made a folder of that name; what is in one that is open to others is not ours.</summary>
    public static bool IsOurs(string root) =>
        root != Shared || OperatingSystem.IsWindows() || !Directory.Exists(root) || File.GetUnixFileMode(root) == OwnerOnly;

    /// <summary>Makes the folder if it has to be closed to others.</summary>
    /// <exception cref="IOException">It cannot be made, or it is there and open to others.</exception>
    public static void Prepare(string root)
    {
        if (root == Shared && !OperatingSystem.IsWindows())
        {
            Directory.CreateDirectory(root, OwnerOnly);
        }

        if (!IsOurs(root))
        {
            throw new IOException($"{root} is open to other users; name a folder with --spool or ${Variable}.");
        }
    }

    private static IEnumerable<string> Homes()
    {
        if (Environment.GetEnvironmentVariable("XDG_STATE_HOME") is { Length: > 0 } state && Path.IsPathRooted(state))
        {
            yield return state;
        }
        else if (Environment.GetFolderPath(Environment.SpecialFolder.UserProfile) is { Length: > 0 } home)
        {
            yield return OperatingSystem.IsWindows()
                ? Environment.GetFolderPath(Environment.SpecialFolder.LocalApplicationData)
                : Path.Combine(home, ".local", "state");
        }
    }
}
