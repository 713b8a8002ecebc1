using FluentAssertions;
using Relay.Client;
using Relay.Contracts;
using Relay.Tests.TestKit;
using Xunit;

namespace Relay.Tests.Writer;

public sealed class PipeTests(SharedRelay relay) : IClassFixture<SharedRelay>, IDisposable
{
    private readonly string _session = RelayApi.NewId();
    private readonly WriterTool _tool = new(relay.Host.BaseAddress);

    public void Dispose() => _tool.Dispose();

    [Fact]
    public async Task Stdin_goes_to_the_relay_and_on_to_stdout_and_completes_the_session_when_asked_to()
    {
        (await _tool.Pipe(_session, new MemoryStream("a\0b\n"u8.ToArray()), "--complete")).Should().Be(0);
        _tool.Out.Should().Be("a\0b\n");
        (await relay.Api.ReadAll(_session)).Should().Equal("a\0b\n"u8.ToArray());
        var status = await relay.Api.Status(_session);
        status!.State.Should().Be("completed");
        status.Outputs["stdout"].Verdict.Should().Be("verified");
        _tool.Left.Should().BeEmpty();
    }

    [Fact]
    public async Task Two_pipes_share_a_session_one_for_each_output()
    {
        (await _tool.Pipe(_session, new MemoryStream("out"u8.ToArray()))).Should().Be(0);
        (await _tool.Pipe(_session, new MemoryStream("err"u8.ToArray()), "--output", "stderr")).Should().Be(0);
        (await relay.Api.ReadAll(_session)).Should().Equal("out"u8.ToArray());
        (await relay.Api.ReadAll(_session, "stderr")).Should().Equal("err"u8.ToArray());
        (await relay.Api.Status(_session))!.State.Should().Be("live", "another pipe may still come");
    }

    [Fact]
    public async Task Without_completing_it_leaves_in_good_order_so_that_readers_end_when_nobody_else_comes()
    {
        await using var host = await RelayHost.StartAsync(options => options.Settings["Streaming:ReaderGrace"] = "00:00:00.1");
        using var tool = new WriterTool(host.BaseAddress);
        await tool.Pipe(_session, new MemoryStream("out"u8.ToArray()));
        using var client = new RelayClient(host.BaseAddress);
        var last = await Eventually.Done(client.ReadAsync(_session).LastAsync().AsTask(), "the reader ends");
        last.End.Should().Be(EndReason.WriterClosed);
    }

    [Fact]
    [Trait("Category", "EndToEnd")]
    public async Task In_a_pipeline_it_ends_with_its_reader_and_with_its_source()
    {
        var writer = DotNet.Writer("pipe", "--session", _session, "--url", relay.Host.BaseAddress.AbsoluteUri, "--complete");
        string[] words = [writer.FileName, .. writer.Arguments];
        var pipe = string.Join(' ', words.Select(word => $"'{word}'"));
        await using var shell = await ChildProcess.Run(new ChildCommand("bash", "-c", $"yes | {pipe} | head -1; echo ${{PIPESTATUS[1]}}"));
        shell.StdoutText.Should().Be("y\n141\n");
        (await relay.Api.Status(_session))!.State.Should().Be("completed");
    }

    [Fact]
    [Trait("Category", "EndToEnd")]
    public async Task A_signal_ends_it_after_what_the_pipe_still_holds()
    {
        await using var pipe = ChildProcess.Start(DotNet.Writer("pipe", "--session", _session, "--url", relay.Host.BaseAddress.AbsoluteUri));
        await pipe.Write("last words");
        await pipe.Printed("last words");
        pipe.Send(Signal.Term);
        (await pipe.WaitForExit()).Should().Be(143);
        (await relay.Api.ReadAll(_session)).Should().Equal("last words"u8.ToArray());
    }

    [Fact]
    [Trait("Category", "EndToEnd")]
    public async Task A_signal_ends_it_also_while_a_full_spool_holds_it_back()
    {
        var writer = DotNet.Writer("pipe", "--session", _session, "--url", "http://127.0.0.1:1", "--spool-limit", "1MiB", "--when-full", "block", "--flush-timeout", "0s");
        await using var pipe = ChildProcess.Start(new ChildCommand("bash", ["-c", "exec \"$@\" < <(yes)", "bash", writer.FileName, .. writer.Arguments]));
        await Eventually.True(() => pipe.StderrText.Contains("the output waits", StringComparison.Ordinal), "the spool is full", describe: pipe.Describe);
        pipe.Send(Signal.Term);
        (await pipe.WaitForExit()).Should().Be(143);
        pipe.StderrText.Should().Contain("What is not delivered is kept");
    }
}
