namespace Relay.Tests.TestKit;

/// <summary>A folder of its own for one test, gone with all it holds at the end.</summary>
internal sealed class TempFolder : IDisposable
{
    public TempFolder() => Path = Directory.CreateTempSubdirectory("relay-test-").FullName;

    public string Path { get; }

    public string this[string name] => System.IO.Path.Combine(Path, name);

    public void Dispose()
    {
        try
        {
            Directory.Delete(Path, recursive: true);
        }
        catch (IOException)
        {
            // A process that was shot a moment ago may still add a file while the folder goes; test.sh removes what stays.
        }
    }

    public override string ToString() => Path;
}
