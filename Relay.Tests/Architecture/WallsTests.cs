using System.Reflection;
using System.Xml.Linq;
using FluentAssertions;
using Relay.Tests.TestKit;
using Xunit;

namespace Relay.Tests.Architecture;

/// <summary>The walls between the rooms: who may know whom.</summary>
public sealed class WallsTests
{
    private const int MaxLines = 500;

    [Theory]
    [InlineData("Relay.Contracts")]
    [InlineData("Relay.Redaction")]
    [InlineData("Relay.Text", "Relay.Contracts")]
    [InlineData("Relay.Server", "Relay.Contracts", "Relay.Redaction", "Relay.Text")]
    [InlineData("Relay.Client", "Relay.Contracts")]
    [InlineData("Relay.Terminal", "Relay.Client")]
    [InlineData("Relay.Cli", "Relay.Terminal", "Relay.Text")]
    [InlineData("Relay.Writer", "Relay.Terminal", "Relay.Redaction")]
    [InlineData("Relay.Benchmarks", "Relay.Server", "Relay.Client", "Relay.Cli", "Relay.Writer")]
    [InlineData("examples/TailSample", "Relay.Client")]
    public void Each_project_references_what_the_plan_allows(string project, params string[] allowed)
    {
        var file = Repository.PathOf(project, $"{Path.GetFileName(project)}.csproj");

        var references = XDocument.Load(file).Descendants("ProjectReference").Select(e => Path.GetFileNameWithoutExtension(e.Attribute("Include")!.Value));

        references.Should().BeEquivalentTo(allowed);
    }

    [Fact]
    public void Storage_knows_nothing_of_the_web()
    {
        string[] strangers = ["Microsoft.AspNetCore", "HttpContext", "IHubContext"];

        var sources = Repository.Sources("Relay.Server", "Storage").ToList();
        var offences = sources
            .SelectMany(path => File.ReadLines(Repository.PathOf(path)).Select((line, index) => (Path: path, Line: line, Number: index + 1)))
            .Where(found => strangers.Any(stranger => found.Line.Contains(stranger, StringComparison.Ordinal)))
            .Select(found => $"{found.Path}:{found.Number}: {found.Line.Trim()}");

        sources.Should().NotBeEmpty();
        offences.Should().BeEmpty();
    }

    [Fact]
    public void The_server_has_no_public_types()
    {
        Assembly.Load("Relay.Server").GetExportedTypes().Select(type => type.FullName).Should().BeSubsetOf(["Program"]);
    }

    [Fact]
    public void No_source_file_is_longer_than_a_person_reads()
    {
        Repository.Sources()
            .Select(path => (Path: path, Lines: File.ReadLines(Repository.PathOf(path)).Count()))
            .Where(file => file.Lines > MaxLines)
            .Should().BeEmpty($"a file of more than {MaxLines} lines holds more than one concern");
    }

    [Fact]
    public void The_server_starts_like_a_table_of_contents()
    {
        File.ReadLines(Repository.PathOf("Relay.Server", "Program.cs")).Count().Should().BeLessThanOrEqualTo(80);
    }

    [Fact]
    public void Folders_are_features()
    {
        string[] layers = ["Common", "Helpers", "Utils", "Utilities", "Managers", "Misc", "Relay"];

        Repository.Sources().Where(path => path.Split('/').SkipLast(1).Any(part => layers.Contains(part))).Should().BeEmpty();
    }
}
