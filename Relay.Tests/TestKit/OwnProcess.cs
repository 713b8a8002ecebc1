using System.Globalization;
using System.Reflection;
using FluentAssertions;

namespace Relay.Tests.TestKit;

/// <summary>
/// Measurements of memory in a process of their own: in that of the tests, thousands of others leave pools, connections and caches that come and go
/// by megabytes.
/// </summary>
internal static class OwnProcess
{
    /// <param name="measurement">A static method of this assembly. What it throws, an assertion for one, fails the caller.</param>
    /// <returns>Its figures.</returns>
    public static async Task<double[]> MeasureAsync(Func<Task<double[]>> measurement)
    {
        var method = measurement.Method;
        await using var process = await ChildProcess.Run(DotNet.Tests(method.DeclaringType!.FullName!, method.Name), TimeSpan.FromMinutes(10));
        process.ExitCode.Should().Be(0, process.Describe());
        return [.. process.StdoutText.Split('\n').Last(line => line.Length > 0).Split(' ').Select(figure => double.Parse(figure, CultureInfo.InvariantCulture))];
    }

    /// <summary>The entry point: <c>Relay.Tests TYPE METHOD</c> prints the method's figures on the last line. Test runners do not come here.</summary>
    private static async Task Main(string[] arguments)
    {
        var method = typeof(OwnProcess).Assembly.GetType(arguments[0], throwOnError: true)!.GetMethod(arguments[1], BindingFlags.Static | BindingFlags.NonPublic | BindingFlags.Public)!;
        var figures = await method.CreateDelegate<Func<Task<double[]>>>()();
        Console.WriteLine(string.Join(' ', figures.Select(figure => figure.ToString(CultureInfo.InvariantCulture))));
    }
}
