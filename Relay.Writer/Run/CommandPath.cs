namespace Relay.Writer.Run;

/// <summary>
/// Finds a command as a shell does: as a path when it has a slash, else along PATH. <see cref="System.Diagnostics.Process"/> would look
/// into our own folder and the current one first, and so run something else than the shell.
/// </summary>
internal static class CommandPath
{
    private const UnixFileMode Executable = UnixFileMode.UserExecute | UnixFileMode.GroupExecute | UnixFileMode.OtherExecute;

    /// <exception cref="JobNotStartedException">Not found (127), or found but not executable (126).</exception>
    public static string Find(string command) => Find(command, Environment.GetEnvironmentVariable("PATH") ?? "");

    internal static string Find(string command, string path)
    {
        if (OperatingSystem.IsWindows())
        {
            return command;
        }

        string[] candidates = command.Contains('/', StringComparison.Ordinal)
            ? [Path.GetFullPath(command)]
            : [.. path.Split(':').Select(folder => Path.GetFullPath(Path.Combine(folder.Length > 0 ? folder : ".", command)))];
        var present = Array.FindAll(candidates, Path.Exists);
        return Array.Find(present, IsExecutable)
            ?? throw (present.Length > 0
                ? JobNotStartedException.NotExecutable(command, Directory.Exists(present[0]) ? "it is a directory" : "permission denied")
                : JobNotStartedException.NotFound(command));
    }

    private static bool IsExecutable(string file) =>
        File.Exists(file) && !OperatingSystem.IsWindows() && (File.GetUnixFileMode(file) & Executable) != UnixFileMode.None;
}
