namespace Relay.Tests.TestKit;

/// <summary>The built programs as a user starts them.</summary>
internal static class DotNet
{
    /// <summary>The <c>dotnet</c> that runs these tests.</summary>
    public static string Host { get; } = Environment.GetEnvironmentVariable("DOTNET_HOST_PATH") is { Length: > 0 } path ? path : "dotnet";

    /// <summary>The folder of the installation with <c>shared</c>, and <c>sdk</c> if there is one.</summary>
    public static string Root { get; } = Path.GetFullPath(Path.Combine(Path.GetDirectoryName(typeof(object).Assembly.Location)!, "..", "..", ".."));

    public static ChildCommand Server(params string[] arguments) => Run(Repository.Assembly("Relay.Server", "Relay.Server"), arguments);

    public static ChildCommand Cli(params string[] arguments) => Run(Repository.Assembly("Relay.Cli", "relay"), arguments);

    public static ChildCommand Writer(params string[] arguments) => Run(Repository.Assembly("Relay.Writer", "relay-writer"), arguments);

    public static ChildCommand Benchmarks(params string[] arguments) => Run(Repository.Assembly("Relay.Benchmarks", "Relay.Benchmarks"), arguments);

    /// <summary>The tests' own assembly as a program, see <see cref="OwnProcess"/>.</summary>
    public static ChildCommand Tests(params string[] arguments) => Run(Repository.Assembly("Relay.Tests", "Relay.Tests"), arguments);

    private static ChildCommand Run(string assembly, string[] arguments) => File.Exists(assembly)
        ? new ChildCommand(Host, [assembly, .. arguments])
        : throw new FileNotFoundException($"Build the solution in the configuration of the tests first: {assembly} is missing.", assembly);
}
