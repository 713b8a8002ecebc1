using System.Diagnostics;
using System.Xml.Linq;
using FluentAssertions;
using Relay.Tests.TestKit;
using Xunit;

namespace Relay.Tests.Deploy;

/// <summary>The tools as one file each, for machines without .NET.</summary>
[Trait("Category", "EndToEnd")]
public sealed class PublishTests
{
    public static TheoryData<string, string> Profiles => new()
    {
        { "Relay.Writer", "linux-x64" }, { "Relay.Writer", "linux-arm64" }, { "Relay.Cli", "linux-x64" }, { "Relay.Cli", "linux-arm64" },
    };

    [Theory]
    [MemberData(nameof(Profiles))]
    public void A_profile_makes_one_self_contained_file_for_its_machine(string project, string profile)
    {
        var settings = XDocument.Load(Repository.PathOf(project, "Properties", "PublishProfiles", $"{profile}.pubxml")).Descendants("PropertyGroup").Elements()
            .ToDictionary(setting => setting.Name.LocalName, setting => setting.Value);

        settings.Should().Contain("RuntimeIdentifier", profile).And.Contain("SelfContained", "true").And.Contain("PublishSingleFile", "true").And.Contain("Configuration", "Release");
    }

    [PublishFact]
    public async Task The_published_writer_runs_a_job_where_there_is_no_dotnet()
    {
        using var folder = new TempFolder();
        var locks = LockFiles();

        // Compiled ahead of time it is the same program, but that takes a busy machine minutes.
        await using var publish = await ChildProcess.Run(Publish.Command("publish", "-p:PublishReadyToRun=false", "-o", folder["out"]), TimeSpan.FromMinutes(4));

        publish.ExitCode.Should().Be(0, publish.Describe());
        LockFiles().Should().BeEquivalentTo(locks, "publishing changes nothing that is versioned");
        Directory.GetFileSystemEntries(folder["out"]).Should().Equal([folder["out/relay-writer"]], "it is one file");

        await using var relay = await RelayHost.StartAsync();
        await using var writer = await ChildProcess.Run(new ChildCommand(
            folder["out/relay-writer"],
            ["run", "--session", "j", "--url", relay.BaseAddress.AbsoluteUri, "--", "/bin/sh", "-c", "echo out; echo err >&2; exit 3"])
        {
            Environment = new Dictionary<string, string?>(StringComparer.Ordinal)
            {
                ["PATH"] = folder.Path,
                ["HOME"] = folder.Path,
                ["DOTNET_ROOT"] = folder.Path,
                ["DOTNET_HOST_PATH"] = null,
            },
        });

        writer.ExitCode.Should().Be(3, writer.Describe());
        writer.StdoutText.Should().Be("out\n");
        (await relay.Api.ReadAll("j")).ShouldBeExactly("out\n"u8.ToArray(), "stdout");
        (await relay.Api.ReadAll("j", "stderr")).ShouldBeExactly("err\n"u8.ToArray(), "stderr");
        (await relay.Api.Status("j"))!.ExitCode.Should().Be(3);
    }

    private static Dictionary<string, string> LockFiles() =>
        Directory.GetDirectories(Repository.Root, "Relay.*").Select(folder => Path.Combine(folder, "packages.lock.json")).Where(File.Exists).ToDictionary(file => file, File.ReadAllText);
}

/// <summary>A test that publishes for this machine. Not every feed has the packages with the runtime.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class PublishFactAttribute : FactAttribute
{
    public PublishFactAttribute()
    {
        if (Publish.Obstacle.Value is { } obstacle)
        {
            Skip = obstacle;
        }
    }
}

/// <summary><c>dotnet publish Relay.Writer -p:PublishProfile=linux-x64</c>, and whether it can work here.</summary>
internal static class Publish
{
    private const string Profile = "linux-x64";

    public static Lazy<string?> Obstacle { get; } = new(FindObstacle);

    /// <param name="verb"><c>publish</c> or <c>restore</c>.</param>
    /// <param name="more">Further arguments.</param>
    public static ChildCommand Command(string verb, params string[] more) =>
        new(DotNet.Host, [verb, "Relay.Writer", $"-p:PublishProfile={Profile}", "-m:1", "-nodeReuse:false", "-p:UseSharedCompilation=false", .. more])
        {
            WorkingDirectory = Repository.Root,
            Environment = new Dictionary<string, string?>(StringComparer.Ordinal) { ["MSBUILDDISABLENODEREUSE"] = "1", ["DOTNET_CLI_TELEMETRY_OPTOUT"] = "1" },
        };

    /// <summary>Asks the feed, unless the packages are here already: that is quick, and the answer is needed before the tests run.</summary>
    private static string? FindObstacle()
    {
        if (!OperatingSystem.IsLinux() || System.Runtime.InteropServices.RuntimeInformation.OSArchitecture is not System.Runtime.InteropServices.Architecture.X64)
        {
            return "This machine cannot run what is published for linux-x64.";
        }

        var packages = Environment.GetEnvironmentVariable("NUGET_PACKAGES")
            ?? Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".nuget", "packages");
        string[] runtime = ["microsoft.netcore.app.runtime.linux-x64", "microsoft.aspnetcore.app.runtime.linux-x64", "microsoft.netcore.app.crossgen2.linux-x64"];
        if (runtime.All(package => Directory.Exists(Path.Combine(packages, package))))
        {
            return null;
        }

        var command = Command("restore");
        using var restore = Process.Start(new ProcessStartInfo(command.FileName, command.Arguments)
        {
            WorkingDirectory = command.WorkingDirectory,
            RedirectStandardOutput = true,
            UseShellExecute = false,
        })!;
        var said = restore.StandardOutput.ReadToEnd();
        restore.WaitForExit();
        return restore.ExitCode == 0
            ? null
            : $"The runtime for linux-x64 cannot be restored here. {said.Split('\n').FirstOrDefault(line => line.Contains("error", StringComparison.Ordinal))}";
    }
}
