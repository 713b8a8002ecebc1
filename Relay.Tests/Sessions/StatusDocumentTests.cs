using System.Text.Json;
using FluentAssertions;
using Relay.Contracts;
using Relay.Server.Storage.Embedded;
using Relay.Tests.Cli;
using Relay.Tests.TestKit;
using Xunit;

namespace Relay.Tests.Sessions;

public sealed class StatusDocumentTests(SharedRelay shared) : IClassFixture<SharedRelay>
{
    private readonly string _session = RelayApi.NewId();

    [Fact]
    public async Task Before_completion_it_has_the_relays_numbers_only()
    {
        await Job.Leave(shared.Host, _session, "123456789");
        (await Stdout()).Should().BeEquivalentTo(new
        {
            Bytes = 9L,
            FirstOffset = 0L,
            Crc32C = 0xE3069283u,
            Verdict = (string?)null,
            WriterBytes = (long?)null,
            WriterCrc32C = (uint?)null,
            WriterOffset = (long?)null,
        });
    }

    [Fact]
    public async Task After_completion_it_has_what_the_completing_run_reported_and_where_its_bytes_begin()
    {
        await Job.Leave(shared.Host, _session, "abc", run: "first");
        await Job.Complete(shared.Host, _session, "123456789", run: "second");
        (await Stdout()).Should().BeEquivalentTo(new
        {
            Bytes = 12L,
            Crc32C = Crc32C.Append(0, "abc123456789"u8),
            Verdict = "verified",
            WriterBytes = 9L,
            WriterCrc32C = 0xE3069283u,
            WriterOffset = 3L,
        });
    }

    [Fact]
    public async Task The_names_are_those_of_the_protocol()
    {
        await Job.Complete(shared.Host, _session, "x");
        using var answer = await shared.Api.Send(HttpMethod.Get, RelayApi.SessionPath(_session));
        using var document = JsonDocument.Parse(await answer.Content.ReadAsStringAsync());
        document.RootElement.GetProperty("outputs").GetProperty("stdout").EnumerateObject().Select(field => field.Name).Should().Equal(
            "state", "bytes", "lines", "first_offset", "crc32c", "writer", "writer_lost", "verdict", "writer_bytes", "writer_crc32c", "writer_offset");
    }

    [Fact]
    public void A_completion_that_was_noted_without_totals_is_still_read()
    {
        var note = JsonSerializer.Deserialize("""{"runId":"r","exitCode":3,"verdicts":{"Stdout":"Verified"}}""", StorageJson.Default.CompletionNote)!;
        note.ToCompletion().Should().BeEquivalentTo(new { RunId = "r", ExitCode = 3 });
        note.ToCompletion().Totals.Should().BeEmpty();
        note.ToCompletion().Verdicts.Should().Contain(OutputType.Stdout, Verdict.Verified);
    }

    private async Task<OutputStatus> Stdout() => (await shared.Api.Status(_session))!.Outputs["stdout"];
}
