using System.Globalization;
using FluentAssertions;
using Relay.Tests.Storage;

namespace Relay.Tests.TestKit;

/// <summary>
/// Measurements of memory in a process of their own: in that of the tests, thousands of others leave pools, connections and caches that come and go
/// by megabytes.
/// </summary>
internal static class OwnProcess
{
    private static readonly Dictionary<string, Func<Task<double>>> Measurements = new(StringComparer.Ordinal)
    {
        [nameof(EmbeddedMemoryTests)] = EmbeddedMemoryTests.BytesPerIdleSession,
    };

    public static async Task<double> MeasureAsync(string name)
    {
        await using var process = await ChildProcess.Run(DotNet.Tests(name), TimeSpan.FromMinutes(5));
        process.ExitCode.Should().Be(0, process.Describe());
        return double.Parse(process.StdoutText, CultureInfo.InvariantCulture);
    }

    /// <summary>The entry point: prints the figure of the measurement that is named. Test runners do not come here.</summary>
    private static async Task Main(string[] arguments)
    {
        var figure = await Measurements[arguments.Single()]();
        Console.WriteLine(figure.ToString(CultureInfo.InvariantCulture));
    }
}
