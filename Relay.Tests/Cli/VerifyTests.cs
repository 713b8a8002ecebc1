using System.Text;
using System.Text.Json;
using FluentAssertions;
using Microsoft.Extensions.DependencyInjection;
using Relay.Contracts;
using Relay.Server.Storage;
using Relay.Tests.TestKit;
using Xunit;

namespace Relay.Tests.Cli;

public sealed class VerifyTests(SharedRelay shared) : IClassFixture<SharedRelay>
{
    private readonly string _session = RelayApi.NewId();

    private RelayHost Relay => shared.Host;

    [Fact]
    public async Task A_completed_job_is_complete_when_writer_relay_and_reader_agree()
    {
        await Job.Complete(Relay, _session, "123456789", "warn\n", exitCode: 3);
        var verify = await Verify();
        verify.ExitCode.Should().Be(0);
        verify.Lines.Should().ContainInOrder(
            "OUTPUT  SEEN BY  FROM  BYTES  CRC-32C",
            "stdout  writer      0      9  e3069283",
            "stdout  relay       0      9  e3069283",
            "stdout  reader      0      9  e3069283",
            "stdout: complete",
            "stderr: complete",
            $"{_session}: complete; the job ended with exit code 3");
    }

    [Fact]
    public async Task The_document_has_the_same_numbers()
    {
        await Job.Complete(Relay, _session, "123456789", exitCode: null);
        var verify = await Verify("--json");
        verify.Lines.Should().ContainSingle();
        using var document = JsonDocument.Parse(verify.Out);
        document.RootElement.GetProperty("result").GetString().Should().Be("verified");
        document.RootElement.GetProperty("exit_code").ValueKind.Should().Be(JsonValueKind.Null);
        var stdout = document.RootElement.GetProperty("outputs").GetProperty("stdout");
        foreach (var who in new[] { "writer", "relay", "reader" })
        {
            stdout.GetProperty(who).GetProperty("bytes").GetInt64().Should().Be(9);
            stdout.GetProperty(who).GetProperty("crc32c").GetUInt32().Should().Be(0xE3069283);
        }
    }

    [Fact]
    public async Task A_session_that_has_not_completed_is_right_so_far()
    {
        await Relay.Api.CreateSession(_session);
        (await Verify()).Should().Match<InMemoryCli>(it => it.ExitCode == 107 && it.Out.Contains("no writer has come yet"));
        await Job.Leave(Relay, _session, "abc");
        (await Verify()).Should().Match<InMemoryCli>(it => it.ExitCode == 107 && it.Out.Contains("the writer left without completing"));
    }

    [Fact]
    public async Task The_totals_of_a_second_run_are_compared_with_its_own_bytes_and_the_others_are_named()
    {
        await Job.Leave(Relay, _session, "of the first run", run: "first");
        await Job.Complete(Relay, _session, "123456789", run: "second");
        var verify = await Verify();
        verify.ExitCode.Should().Be(0);
        verify.Out.Should().Contain("stdout  writer     16      9  e3069283").And.Contain("stdout: the first 16 bytes are of earlier runs");
    }

    [Fact]
    public async Task A_run_that_wrote_before_and_behind_another_is_judged_by_the_relay_alone()
    {
        await Job.Leave(Relay, _session, "one ", run: "a");
        await Job.Leave(Relay, _session, "two ", run: "b");
        var log = (await Relay.Services.GetRequiredService<ILogStore>().FindAsync(_session, CancellationToken.None))!;
        var lease = await log.AcquireAsync(new("a", 9, [OutputType.Stdout], 0), CancellationToken.None);
        await log.AppendAsync(lease, OutputType.Stdout, null, "three"u8.ToArray(), CancellationToken.None);
        await log.CompleteAsync(lease, 0, [new OutputTotal(OutputType.Stdout, 9, Crc32C.Append(0, "one three"u8))], CancellationToken.None);
        (await Verify()).Should().Match<InMemoryCli>(it => it.ExitCode == 0 && it.Out.Contains("the last run's bytes lie in several pieces"));
    }

    [Theory]
    [InlineData(4, "", 106, "the relay did not store what the writer wrote")]
    [InlineData(3, "xyz", 106, "the relay did not store what the writer wrote")]
    [InlineData(-1, "", 108, "the writer reported no totals to compare")]
    public async Task What_the_writer_reported_counts(int bytes, string summed, int exitCode, string words)
    {
        await Relay.Api.CreateSession(_session);
        var log = (await Relay.Services.GetRequiredService<ILogStore>().FindAsync(_session, CancellationToken.None))!;
        var lease = await log.AcquireAsync(new("run", 1, [OutputType.Stdout], 0), CancellationToken.None);
        await log.AppendAsync(lease, OutputType.Stdout, 0, "abc"u8.ToArray(), CancellationToken.None);
        OutputTotal[] totals = bytes < 0 ? [] : [new OutputTotal(OutputType.Stdout, bytes, Crc32C.Append(0, Encoding.UTF8.GetBytes(summed)))];
        await log.CompleteAsync(lease, 0, totals, CancellationToken.None);
        (await Verify()).Should().Match<InMemoryCli>(it => it.ExitCode == exitCode && it.Out.Contains($"stdout: {words}"));
    }

    [Fact]
    public async Task Bytes_that_the_writer_lost_are_named_exactly()
    {
        await Relay.Api.CreateSession(_session);
        var log = (await Relay.Services.GetRequiredService<ILogStore>().FindAsync(_session, CancellationToken.None))!;
        var lease = await log.AcquireAsync(new("run", 1, [OutputType.Stdout], 0), CancellationToken.None);
        await log.AppendAsync(lease, OutputType.Stdout, 0, "abc"u8.ToArray(), CancellationToken.None);
        await log.AppendGapAsync(lease, OutputType.Stdout, 3, 4, CancellationToken.None);
        await log.AppendAsync(lease, OutputType.Stdout, 7, "hi"u8.ToArray(), CancellationToken.None);
        await log.CompleteAsync(lease, 0, [new OutputTotal(OutputType.Stdout, 9, 1)], CancellationToken.None);
        using var folder = new TempFolder();
        await File.WriteAllTextAsync(folder["job.out"], "abcdefghi");
        (await Verify("--json")).Out.Should().Contain("""[{"offset":3,"length":4,"reason":"lost_by_writer"}]""").And.Contain("""{"session_id":""").And.Contain("\"incomplete\"");
        var verify = await Verify("--against", folder["job.out"]);
        verify.ExitCode.Should().Be(106);
        verify.Out.Should().Contain("stdout: bytes 3–6 are missing: the writer no longer had them").And.Contain("stdout: not complete")
            .And.Contain("job.out: the same as stdout, byte for byte, where nothing is missing");
    }

    [Theory]
    [InlineData("abcdef", 0, "the same as stdout, byte for byte")]
    [InlineData("abcXef", 106, "differs from stdout, first at offset 3")]
    [InlineData("abc", 106, "ends at offset 3, stdout goes on")]
    [InlineData("abcdefg", 106, "goes on at offset 6, where stdout ends")]
    [InlineData("", 106, "ends at offset 0, stdout goes on")]
    public async Task A_file_is_compared_byte_for_byte(string file, int exitCode, string words)
    {
        await Job.Complete(Relay, _session, "abcdef");
        using var folder = new TempFolder();
        await File.WriteAllTextAsync(folder["job.out"], file);
        var verify = await Verify("--against", folder["job.out"]);
        verify.ExitCode.Should().Be(exitCode);
        verify.Out.Should().Contain($"job.out: {words}").And.NotContain("stderr", "stdout alone is asked for");
    }

    [Fact]
    public async Task A_file_that_cannot_be_read_is_a_wrong_command_line()
    {
        await Job.Complete(Relay, _session, "abc");
        (await Verify("--against", "/no/such/file")).Should().Match<InMemoryCli>(
            it => it.ExitCode == 2 && it.Out == "" && it.Error.StartsWith("relay: --against must be a file that can be read"));
        (await Verify("--against", "/")).ExitCode.Should().Be(2);
    }

    [Fact]
    public async Task With_wait_it_waits_for_the_session_and_its_end()
    {
        var verify = Verify("--wait");
        await Relay.Api.CreateSession(_session);
        await Eventually.True(async () => (await Relay.Api.Status(_session))!.Readers > 0, "it waits at the tail");
        verify.IsCompleted.Should().BeFalse();
        await Job.Complete(Relay, _session, "late");
        (await Eventually.Done(verify, "it ends")).ExitCode.Should().Be(0);
    }

    [Fact]
    public async Task No_session_a_gone_session_and_no_relay_have_codes_of_their_own()
    {
        (await Verify()).ExitCode.Should().Be(104);
        await Relay.Api.CreateSession(_session);
        (await InMemoryCli.RunAsync(Relay.BaseAddress, "delete", _session)).ExitCode.Should().Be(0);
        (await Verify()).ExitCode.Should().Be(110);
        (await InMemoryCli.RunAsync(new Uri("http://127.0.0.1:1"), "verify", "s")).ExitCode.Should().Be(103);
        (await InMemoryCli.RunAsync(Relay.BaseAddress, "verify", "a/b")).ExitCode.Should().Be(2);
    }

    private Task<InMemoryCli> Verify(params string[] options) => InMemoryCli.RunAsync(Relay.BaseAddress, ["verify", _session, .. options]);
}
