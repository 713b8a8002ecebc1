namespace Relay.Tests.TestKit;

/// <summary>Where the sources and the built programs are, seen from the test assembly.</summary>
internal static class Repository
{
    public static string Root { get; } = FindRoot();

    /// <summary><c>Debug</c> or <c>Release</c>: the programs under test are those built with the tests.</summary>
    public static string Configuration { get; } = new DirectoryInfo(AppContext.BaseDirectory.TrimEnd('/')).Parent!.Name;

    public static string PathOf(params string[] parts) => Path.Combine([Root, .. parts]);

    public static string Assembly(string project, string name) => PathOf(project, "bin", Configuration, "net10.0", $"{name}.dll");

    /// <summary>C# files that people wrote, by path relative to the root.</summary>
    public static IEnumerable<string> Sources(params string[] under) =>
        new DirectoryInfo(PathOf(under)) is { Exists: true } folder
            ? folder.EnumerateFiles("*.cs", SearchOption.AllDirectories).Select(file => Path.GetRelativePath(Root, file.FullName)).Where(IsWritten)
            : [];

    private static bool IsWritten(string path) => !path.Split('/').Any(part => part is "bin" or "obj" or "node_modules");

    private static string FindRoot()
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(Path.Combine(folder.FullName, "SparkLogRelay.sln")))
            {
                return folder.FullName;
            }
        }

        throw new DirectoryNotFoundException($"No SparkLogRelay.sln above {AppContext.BaseDirectory}.");
    }
}
