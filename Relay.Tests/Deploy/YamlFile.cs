using System.Text.Json;
using FluentAssertions;
using Relay.Tests.TestKit;

namespace Relay.Tests.Deploy;

/// <summary>Reads YAML with Debian's Python, as .NET has no reader of its own.</summary>
internal static class YamlFile
{
    /// <summary>The documents of a file, by path relative to the root of the repository.</summary>
    public static async Task<IReadOnlyList<JsonElement>> Read(string path)
    {
        await using var python = await ChildProcess.Run(new ChildCommand(
            PythonPeer.Interpreter, "-c", "import json, sys, yaml; print(json.dumps(list(yaml.safe_load_all(open(sys.argv[1])))))", Repository.PathOf(path)));
        python.ExitCode.Should().Be(0, "{0} is YAML. {1}", path, python.Describe());
        return [.. JsonDocument.Parse(python.Stdout).RootElement.EnumerateArray()];
    }

    /// <summary>Follows property names and array indices; fails with the path that leads nowhere.</summary>
    public static JsonElement At(this JsonElement element, params object[] path)
    {
        foreach (var step in path)
        {
            element = step switch
            {
                int index when element.ValueKind == JsonValueKind.Array && index < element.GetArrayLength() => element[index],
                string name when element.ValueKind == JsonValueKind.Object && element.TryGetProperty(name, out var value) => value,
                _ => throw new KeyNotFoundException($"There is no {string.Join('.', path)} (at '{step}') in {element}."),
            };
        }

        return element;
    }

    public static IEnumerable<string> Strings(this JsonElement element) => element.EnumerateArray().Select(item => item.ToString());
}
