using System.Text.Json;
using System.Text.RegularExpressions;
using FluentAssertions;
using Relay.Tests.TestKit;
using Xunit;

namespace Relay.Tests.Deploy;

/// <summary>The manifests agree with the images and with themselves, as far as that can be known without a cluster.</summary>
public sealed partial class ManifestTests
{
    /// <summary>By <c>spark.kubernetes.driverEnv</c>, as the recipe says.</summary>
    private static readonly string[] SetBySpark = ["RELAY_SESSION"];

    public static TheoryData<string> Manifests => new(Directory.GetFiles(Repository.PathOf("deploy", "kubernetes")).Select(file => $"deploy/kubernetes/{Path.GetFileName(file)}"));

    [Theory]
    [MemberData(nameof(Manifests))]
    public async Task Volumes_exist_images_are_pinned_and_variables_are_set(string manifest)
    {
        foreach (var pod in (await YamlFile.Read(manifest)).Select(PodOf).OfType<JsonElement>())
        {
            var volumes = pod.At("volumes").EnumerateArray().Select(volume => volume.At("name").GetString()).ToList();
            var containers = Containers(pod).ToList();

            containers.SelectMany(container => container.At("volumeMounts").EnumerateArray()).Select(mount => mount.At("name").GetString())
                .Should().OnlyContain(name => volumes.Contains(name)).And.Contain(volumes, "each volume is for somebody");
            containers.Where(container => container.TryGetProperty("image", out _)).Select(container => container.At("image").GetString()!)
                .Should().OnlyContain(image => image.Contains(':') && !image.EndsWith(":latest", StringComparison.Ordinal));
            foreach (var container in containers)
            {
                if (container.TryGetProperty("image", out var image) && image.GetString()!.StartsWith("relay-writer:", StringComparison.Ordinal))
                {
                    image.GetString().Should().Be($"relay-writer:{ContainerTests.Version}");
                }

                Variables(container).Should().BeSubsetOf(container.TryGetProperty("env", out var set) ? [.. SetBySpark, .. set.EnumerateArray().Select(one => one.At("name").GetString()!)] : SetBySpark);
            }
        }
    }

    [Fact]
    public async Task The_relay_has_its_port_its_folder_and_its_health()
    {
        var parts = await YamlFile.Read("deploy/kubernetes/relay.yaml");
        var (claim, deployment, service) = (parts[0], parts[1], parts[2]);
        var pod = deployment.At("spec", "template", "spec");
        var relay = pod.At("containers", 0);

        relay.At("ports", 0, "containerPort").GetInt32().Should().Be(8160);
        service.At("spec", "ports", 0, "port").GetInt32().Should().Be(8160);
        relay.At("readinessProbe", "httpGet", "path").GetString().Should().Be("/health");
        relay.At("volumeMounts", 0, "mountPath").GetString().Should().Be("/data");
        pod.At("volumes", 0, "persistentVolumeClaim", "claimName").GetString().Should().Be(claim.At("metadata", "name").GetString());
        deployment.At("spec", "strategy", "type").GetString().Should().Be("Recreate", "two relays cannot hold one folder");
        pod.At("enableServiceLinks").GetBoolean().Should().BeFalse("a Service named relay would set RELAY_PORT to what is no port");
        pod.At("terminationGracePeriodSeconds").GetInt32().Should().BeGreaterThan(8);
    }

    [Fact]
    public async Task The_relay_takes_the_settings_of_the_manifest()
    {
        var arguments = (await YamlFile.Read("deploy/kubernetes/relay.yaml"))[1].At("spec", "template", "spec", "containers", 0, "args").Strings();
        await using var relay = await RelayHost.StartAsync(options => options.Settings["Storage:MaxTotalBytes"] = arguments.Last());

        arguments.First().Should().Be("--Storage:MaxTotalBytes");
    }

    /// <summary>What <c>$(NAME)</c> stands for; Kubernetes leaves a name that is not set as it is, and a shell then takes it for a command.</summary>
    private static IEnumerable<string> Variables(JsonElement container) =>
        Variable().Matches(container.TryGetProperty("command", out var command) ? command.ToString() : "")
            .Concat(Variable().Matches(container.TryGetProperty("args", out var args) ? args.ToString() : "")).Select(match => match.Groups["name"].Value);

    private static IEnumerable<JsonElement> Containers(JsonElement pod) =>
        pod.At("containers").EnumerateArray().Concat(pod.TryGetProperty("initContainers", out var first) ? first.EnumerateArray() : []);

    private static JsonElement? PodOf(JsonElement part) => part.At("kind").GetString() switch
    {
        "Pod" => part.At("spec"),
        "Deployment" or "Job" => part.At("spec", "template", "spec"),
        _ => null,
    };

    [GeneratedRegex(@"\$\((?<name>[A-Z_]+)\)", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 10_000)]
    private static partial Regex Variable();
}
