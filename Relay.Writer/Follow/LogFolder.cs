namespace Relay.Writer.Follow;

/// <summary>A file beside the log.</summary>
/// <param name="Path">Where it was when we looked.</param>
/// <param name="Status">What it was.</param>
internal sealed record Sibling(string Path, FileStatus Status);

/// <summary>The folder of a log: what the log's name stands for just now, and which files lie beside it.</summary>
internal sealed class LogFolder
{
    private const int MostListings = 8;

    private readonly string _folder;
    private readonly string _name;
    private readonly RotatedNames _rotated;

    /// <param name="path">The log's absolute path; the folder need not be there yet.</param>
    public LogFolder(string path)
    {
        LogPath = path;
        _folder = Path.GetDirectoryName(path)!;
        _name = Path.GetFileName(path);
        _rotated = new RotatedNames(_name);
    }

    public string LogPath { get; }

    /// <summary>The file that the name stands for, through symbolic links.</summary>
    public FileStatus? Named => FileStatus.Of(LogPath);

    public bool HasCompressed => Names().Any(name => _rotated.ContainsCompressed(name));

    /// <summary>The files whose names are those that rotation gives.</summary>
    public IReadOnlyList<Sibling> Rotated() => Settled(_rotated.Contains);

    /// <summary>All other regular files, whatever their names.</summary>
    public IReadOnlyList<Sibling> Others() => Settled(name => name != _name);

    /// <summary>A listing during which files are renamed may miss one of them, so it is repeated until two agree.</summary>
    private List<Sibling> Settled(Func<string, bool> isWanted)
    {
        var seen = List(isWanted);
        for (var listings = 1; listings < MostListings; listings++)
        {
            var again = List(isWanted);
            if (again.Select(Place).ToHashSet().SetEquals(seen.Select(Place)))
            {
                return again;
            }

            seen = again;
        }

        return seen;

        static (string, FileIdentity) Place(Sibling sibling) => (sibling.Path, sibling.Status.Identity);
    }

    private List<Sibling> List(Func<string, bool> isWanted)
    {
        List<Sibling> siblings = [];
        foreach (var name in Names().Where(isWanted))
        {
            var path = Path.Combine(_folder, name);
            if (FileStatus.Of(path, followLinks: false) is { Kind: FileKind.Regular } status)
            {
                siblings.Add(new Sibling(path, status));
            }
        }

        return [.. siblings.DistinctBy(sibling => sibling.Status.Identity)];
    }

    private IReadOnlyList<string> Names()
    {
        try
        {
            return [.. Directory.EnumerateFiles(_folder).Select(path => Path.GetFileName(path))];
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            return []; // Not there yet, or not for us: then there is nothing to find in it.
        }
    }
}
