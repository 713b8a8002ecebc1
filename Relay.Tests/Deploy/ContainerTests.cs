using System.Text.Json;
using System.Xml.Linq;
using FluentAssertions;
using Relay.Tests.TestKit;
using Xunit;

namespace Relay.Tests.Deploy;

/// <summary>The container files agree with the projects and with the relay's defaults. No engine builds them here: this is what can be known without.</summary>
public sealed class ContainerTests
{
    private static readonly Dockerfile Server = new("Relay.Server/Dockerfile");
    private static readonly Dockerfile Writer = new("Relay.Writer/Dockerfile");

    public static TheoryData<string, string> Images => new() { { "Relay.Server/Dockerfile", "Relay.Server" }, { "Relay.Writer/Dockerfile", "Relay.Writer" } };

    [Theory]
    [MemberData(nameof(Images))]
    public void All_that_restore_and_build_need_is_copied(string path, string project)
    {
        var sources = new Dockerfile(path).Sources.ToList();

        sources.Should().OnlyContain(source => Path.Exists(Repository.PathOf(source)));
        sources.Should().Contain(["global.json", "Directory.Build.props", "Directory.Packages.props", "BannedSymbols.txt", ".editorconfig"]);
        foreach (var needed in ProjectsOf(project))
        {
            sources.Should().Contain(needed, "{0} is built from it", project);
        }
    }

    [Theory]
    [MemberData(nameof(Images))]
    public void Docker_sees_what_is_copied(string path, string project)
    {
        var rules = File.ReadAllLines(Repository.PathOf(".dockerignore"));

        foreach (var source in new Dockerfile(path).Sources)
        {
            rules.Should().Contain($"!{source.Split('/')[0]}", "{0} is built from {1}", project, source);
        }

        rules.Should().ContainInOrder("**", "**/bin", "**/obj");
    }

    [Theory]
    [MemberData(nameof(Images))]
    public void Images_are_pinned_to_one_runtime_and_run_without_root(string path, string project)
    {
        var image = new Dockerfile(path);

        image.All("FROM").Should().OnlyContain(from => from.Contains(":10.0.", StringComparison.Ordinal) || from.Contains("node:20.20.", StringComparison.Ordinal), "{0} is pinned to a patch version", project);
        image.All("USER").Should().Equal("$APP_UID");
        image.Instructions[^1].Name.Should().Be("ENTRYPOINT");
    }

    [Fact]
    public void The_entry_points_are_the_programs_that_are_built()
    {
        Server.All("ENTRYPOINT").Single().Should().Be($"""["dotnet", "/app/{AssemblyName("Relay.Server")}.dll"]""");
        Server.Text.Should().Contain("-o /app").And.Contain("COPY --from=build /app ./").And.Contain("WORKDIR /app");
        Writer.All("ENTRYPOINT").Single().Should().Be($"""["/usr/local/bin/{AssemblyName("Relay.Writer")}"]""");
        Writer.Text.Should().Contain($"COPY --from=build /out/{AssemblyName("Relay.Writer")} /usr/local/bin/{AssemblyName("Relay.Writer")}");
    }

    [Fact]
    public void The_writer_is_published_by_profiles_that_there_are() =>
        Writer.Text.Split("profile=").Skip(1).Select(rest => rest.Split(' ')[0]).Should().BeEquivalentTo(
            Directory.GetFiles(Repository.PathOf("Relay.Writer", "Properties", "PublishProfiles")).Select(Path.GetFileNameWithoutExtension));

    [Fact]
    public void Port_and_volume_are_the_relays_defaults()
    {
        Server.All("EXPOSE").Should().Equal("8160");
        Server.All("VOLUME").Should().Equal("/data");
        Server.Text.Should().Contain("COPY --from=build --chown=$APP_UID:$APP_UID /data /data", "the user without root writes there");
    }

    [Fact]
    public async Task Compose_runs_the_images_with_port_volume_and_time_to_stop()
    {
        var compose = (await YamlFile.Read("docker-compose.yml")).Single();
        var relay = compose.At("services", "relay");
        var writer = compose.At("services", "writer");

        relay.At("build", "dockerfile").GetString().Should().Be(Server.ToString());
        relay.At("ports").Strings().Should().Equal("127.0.0.1:8160:8160");
        relay.At("volumes").Strings().Should().Equal("relay-data:/data");
        compose.At("volumes").TryGetProperty("relay-data", out _).Should().BeTrue();
        relay.At("stop_grace_period").GetString().Should().Be("10s");
        writer.At("build", "dockerfile").GetString().Should().Be(Writer.ToString());
        writer.At("profiles").Strings().Should().Equal("demo");
        writer.At("environment", "RELAY_URL").GetString().Should().Be("http://relay:8160");
        writer.At("command").Strings().Should().StartWith(["run", "--session"]).And.Contain(argument => argument.StartsWith("/examples/", StringComparison.Ordinal) && File.Exists(Repository.PathOf(argument.TrimStart('/'))));
        foreach (var service in (JsonElement[])[relay, writer])
        {
            service.At("image").GetString().Should().EndWith($":{Version}");
            service.At("read_only").GetBoolean().Should().BeTrue();
            service.At("security_opt").Strings().Should().Contain("no-new-privileges:true");
        }
    }

    internal static string Version => XDocument.Load(Repository.PathOf("Directory.Build.props")).Descendants("Version").Single().Value;

    private static string AssemblyName(string project) => Project(project).Descendants("AssemblyName").SingleOrDefault()?.Value ?? project;

    /// <summary>A project's folder, and those of all that it references.</summary>
    private static HashSet<string> ProjectsOf(string project) =>
        [project, .. Project(project).Descendants("ProjectReference").Select(reference => reference.Attribute("Include")!.Value.Split('/')[^2]).SelectMany(ProjectsOf)];

    private static XDocument Project(string project) => XDocument.Load(Repository.PathOf(project, $"{project}.csproj"));
}
