using System.Text;
using FluentAssertions;
using Relay.Tests.TestKit;
using Xunit;

namespace Relay.Tests.Writer;

/// <summary>Secrets are masked before bytes leave the machine: in what readers see, and in the spool.</summary>
public sealed class MaskingTests(SharedRelay relay) : IClassFixture<SharedRelay>, IDisposable
{
    private const string Key = "AKIAIOSFODNN7EXAMPLE";

    // Split over writes, with time in between that is less than a second.
    private const string Script = $"printf 'key AKIAIOSFO'; sleep 0.1; printf 'DNN7EXAMPLE.\\n'; printf 'http://etl:hun'; sleep 0.1; printf 'ter2@db/\\n'; printf 'my correct-horse and id-12345678' >&2";

    private readonly string _session = RelayApi.NewId();
    private readonly WriterTool _tool = new(relay.Host.BaseAddress);
    private readonly TempFolder _folder = new();

    public void Dispose()
    {
        _tool.Dispose();
        _folder.Dispose();
    }

    [Fact]
    public async Task Readers_see_masks_and_our_own_output_stays_as_it_is()
    {
        await File.WriteAllTextAsync(_folder["words"], "correct-horse\n");

        (await _tool.Run(_session, Script, "--redact", "--redact-words", _folder["words"], "--redact-regex", "id-(?<secret>[0-9]+)")).Should().Be(0);

        (await Read("stdout")).Should().Be("key [redacted:aws-access-key].\nhttp://etl:[redacted:url-password]@db/\n");
        (await Read("stderr")).Should().Be("my [redacted:word] and id-[redacted:regex-1]");
        _tool.Out.Should().Be($"key {Key}.\nhttp://etl:hunter2@db/\n");
        _tool.Error.Should().EndWith("relay-writer: 4 secrets were masked (aws-access-key 1, regex-1 1, url-password 1, word 1)\n");
        (await relay.Api.Status(_session))!.Outputs["stdout"].Verdict.Should().Be("verified", "what was masked is what was written");
    }

    [Fact]
    public async Task Without_the_option_every_byte_is_delivered_as_it_is()
    {
        (await _tool.Run(_session, Script)).Should().Be(0);

        (await Read("stdout")).Should().Be($"key {Key}.\nhttp://etl:hunter2@db/\n");
        _tool.Error.Should().NotContain("masked");
    }

    [Fact]
    public async Task The_spool_has_no_secret_while_the_relay_is_away()
    {
        using var away = new WriterTool(new Uri("http://127.0.0.1:1"));
        (await away.Run(_session, $"printf 'a {Key}'; sleep 0.1; echo", "--redact", "--flush-timeout", "0s")).Should().Be(0);

        var files = Directory.GetFiles(away.Spools, "*", SearchOption.AllDirectories).Select(file => Encoding.Latin1.GetString(File.ReadAllBytes(file))).ToList();
        files.Should().Contain(content => content.Contains("[redacted:aws-access-key]"));
        files.Should().NotContain(content => content.Contains("IOSFODNN7"));
    }

    [Fact]
    public async Task An_ordinary_line_does_not_wait_for_the_next()
    {
        await using var job = ChildProcess.Start(DotNet.Writer("run", "--session", _session, "--url", relay.Api.Url("/"), "--no-spool", "--redact", "--", "bash", "-c", "echo one line; read -r go; echo more"));

        await Eventually.True(async () => await relay.Api.Status(_session) is { } status && status.Outputs["stdout"].Bytes == 9, "the line arrives", describe: job.Describe);
        await job.WriteLine("go");
        (await job.WaitForExit()).Should().Be(0);
    }

    [Fact]
    public async Task Pipe_masks_too()
    {
        using var input = new MemoryStream(Encoding.ASCII.GetBytes($"a {Key}"));
        (await _tool.Pipe(_session, input, "--redact")).Should().Be(0);

        (await Read("stdout")).Should().Be("a [redacted:aws-access-key]");
        _tool.Error.Should().Be("relay-writer: 1 secret was masked (aws-access-key 1)\n");
    }

    [Fact]
    public async Task Follow_masks_and_goes_on_at_the_place_before_what_it_held()
    {
        var log = _folder["log"];
        await File.WriteAllTextAsync(log, "first\n a AKIAIOSFO");
        string[] arguments = ["follow", "--session", _session, "--url", relay.Api.Url("/"), "--stdout", log, "--spool", _folder["spool"], "--redact"];
        await using (var killed = ChildProcess.Start(DotNet.Writer(arguments)))
        {
            await Eventually.True(
                async () => await relay.Api.Status(_session) is { } status && status.Outputs["stdout"].Bytes >= 9, "what is no secret arrives", describe: killed.Describe);
            killed.Send(Signal.Kill);
            await killed.WaitForExit();
        }

        var before = await Read("stdout");
        await File.AppendAllTextAsync(log, "DNN7EXAMPLE b\n");
        await using var again = ChildProcess.Start(DotNet.Writer(arguments));
        await Eventually.True(async () => (await Read("stdout")).EndsWith("b\n", StringComparison.Ordinal), "the rest arrives", describe: again.Describe);
        again.Send(Signal.Term);
        (await again.WaitForExit()).Should().Be(0, again.Describe());

        // A kill that came after the second of patience finds the half key delivered; what matters is that nothing is lost or doubled.
        (await Read("stdout")).Should().Be(before == "first\n a " ? "first\n a [redacted:aws-access-key] b\n" : "first\n a AKIAIOSFODNN7EXAMPLE b\n");
    }

    [Theory]
    [InlineData("--redact-regex", "a(?=b)", "relay-writer: --redact-regex: The regular expression 'a(?=b)' looks around")]
    [InlineData("--redact-words", "/nowhere/words", "relay-writer: --redact-words: The file of words cannot be read")]
    [InlineData("--redact-min-length", "0", "relay-writer: --redact-min-length must be between 1 and 1024; it is 0.")]
    public async Task A_rule_that_cannot_be_used_is_a_fault_of_the_command_line(string option, string value, string message)
    {
        (await _tool.Run(_session, "echo never", option, value)).Should().Be(2);

        _tool.Error.Should().Contain(message);
        _tool.Out.Should().BeEmpty();
    }

    [Fact]
    public async Task The_environment_turns_it_on()
    {
        await File.WriteAllTextAsync(_folder["words"], "correct-horse\n");
        var command = DotNet.Writer("run", "--session", _session, "--url", relay.Api.Url("/"), "--no-spool", "--", "bash", "-c", Script) with
        {
            Environment = new Dictionary<string, string?>(StringComparer.Ordinal) { ["RELAY_REDACT"] = "1", ["RELAY_REDACT_WORDS"] = _folder["words"] },
        };
        await using var run = await ChildProcess.Run(command);

        run.StderrText.Should().EndWith("3 secrets were masked (aws-access-key 1, url-password 1, word 1)\n");
    }

    private async Task<string> Read(string output) => Encoding.UTF8.GetString(await relay.Api.ReadAll(_session, output));
}
