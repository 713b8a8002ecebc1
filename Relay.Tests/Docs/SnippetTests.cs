using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using FluentAssertions;
using Relay.Client;
using Relay.Contracts;
using Relay.Tests.TestKit;
using Xunit;

namespace Relay.Tests.Docs;

/// <summary>What the documents show besides commands is what it claims to be: JSON parses, C# compiles.</summary>
public sealed partial class SnippetTests
{
    [Fact]
    public void Json_parses()
    {
        foreach (var block in Pages.In("json"))
        {
            FluentActions.Invoking(() => JsonDocument.Parse(block.Text)).Should().NotThrow("{0} is JSON", block);
        }
    }

    [Fact]
    public Task Yaml_parses() => ShouldPass("yaml", "import yaml; list(yaml.safe_load_all(text))");

    [Fact]
    public Task Python_compiles() => ShouldPass("python", "compile(text, name, 'exec')");

    [Fact]
    public void Units_and_settings_files_are_sections_keys_and_comments()
    {
        foreach (var block in Pages.In("ini"))
        {
            block.Text.Split('\n').Should().OnlyContain(line => IniLine().IsMatch(line), "{0} is an ini file", block);
        }
    }

    [Fact]
    public async Task Csharp_compiles_against_the_library()
    {
        using var folder = new TempFolder();
        var source = new StringBuilder("using System; using System.IO; using System.Linq; using System.Net.Http; using System.Threading; using System.Threading.Tasks; ")
            .AppendLine("using System.Collections.Generic; using Relay.Client; using Relay.Contracts;")
            .AppendLine("internal static class Snippets {");
        foreach (var (block, number) in Pages.In("csharp").Select((block, i) => (block, i)))
        {
            // A snippet is the inside of a program that has two streams to print to.
            source.AppendLine($"public static async Task<int> Snippet{number}(Stream stdout, Stream stderr, CancellationToken cancellationToken) {{ await Task.Yield();")
                .AppendLine($"#line {block.Line} \"{block.Page}\"").Append(block.Text).AppendLine("return 0; }");
        }

        await File.WriteAllTextAsync(folder["Snippets.cs"], source.AppendLine("}").ToString());
        var runtime = Path.GetDirectoryName(typeof(object).Assembly.Location)!;
        string[] references = [.. Directory.GetFiles(runtime, "System.*.dll"), Path.Combine(runtime, "netstandard.dll"), typeof(RelayClient).Assembly.Location, typeof(OutputType).Assembly.Location];
        var compiler = Directory.GetFiles(Path.Combine(DotNet.Root, "sdk"), "csc.dll", SearchOption.AllDirectories).Order(StringComparer.Ordinal).Last();

        await using var compilation = await ChildProcess.Run(new ChildCommand(
            DotNet.Host,
            [
                compiler, "-nologo", "-target:library", "-langversion:latest", "-nostdlib", "-nowarn:CS0162,CS1701,CS1702", $"-out:{folder["snippets.dll"]}",
                .. references.Where(IsManaged).Select(reference => $"-r:{reference}"), folder["Snippets.cs"],
            ]));

        compilation.ExitCode.Should().Be(0, "the C# of the documents compiles. {0}", compilation.Describe());
    }

    /// <summary>Runs a line of Python with <c>text</c> and <c>name</c> of each block in a language.</summary>
    private static async Task ShouldPass(string language, string check)
    {
        using var folder = new TempFolder();
        await File.WriteAllTextAsync(folder["blocks"], JsonSerializer.Serialize(Pages.In(language).Select(block => new[] { block.ToString(), block.Text })));

        await using var python = await ChildProcess.Run(new ChildCommand(
            PythonPeer.Interpreter, "-c", $"import json, sys\nfor name, text in json.load(open(sys.argv[1])):\n  try:\n    {check}\n  except Exception as e:\n    sys.exit(name + ': ' + str(e))", folder["blocks"]));

        python.ExitCode.Should().Be(0, "{0} in the documents is good. {1}", language, python.Describe());
    }

    private static bool IsManaged(string path) => !Path.GetFileName(path).Contains(".Native", StringComparison.Ordinal);

    [GeneratedRegex(@"^(\[[\w ]+\]|[#;].*|[\w.-]+\s*=.*|)$", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 10_000)]
    private static partial Regex IniLine();
}
