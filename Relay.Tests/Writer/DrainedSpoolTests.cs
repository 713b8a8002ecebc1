using FluentAssertions;
using Microsoft.Extensions.DependencyInjection;
using Relay.Client;
using Relay.Client.Spooling;
using Relay.Contracts;
using Relay.Server.Sessions;
using Relay.Server.Storage;
using Relay.Tests.Faults;
using Relay.Tests.TestKit;
using Xunit;

namespace Relay.Tests.Writer;

/// <summary>Spools of writers that were killed when the relay had all of it: they owe nothing but an end in good order.</summary>
public sealed class DrainedSpoolTests(SharedRelay relay) : IClassFixture<SharedRelay>, IDisposable
{
    private readonly string _session = RelayApi.NewId();
    private readonly WriterTool _tool = new(relay.Host.BaseAddress);

    public void Dispose() => _tool.Dispose();

    [Theory]
    [InlineData("")]
    [InlineData("all of it")]
    public async Task A_writer_that_was_killed_when_it_owed_nothing_is_left_in_good_order_by_recover(string written)
    {
        await LeaveDrained(_session, written);
        (await Phases(_session)).Should().OnlyContain(phase => phase == OutputPhase.Lost, "readers wait for the writer that vanished");

        (await _tool.Recover(_tool.Spools)).Should().Be(0);

        _tool.Out.Should().Be($"{_session}: all of it was there already; its outputs are closed now\n");
        _tool.Left.Should().BeEmpty();
        (await Phases(_session)).Should().OnlyContain(phase => phase == OutputPhase.Closed);
        (await relay.Api.ReadAll(_session)).Should().Equal(System.Text.Encoding.UTF8.GetBytes(written));
        (await _tool.Recover(_tool.Spools)).Should().Be(0);
        _tool.Out.Should().EndWith("Nothing is left to be delivered.\n");
    }

    [Fact]
    public async Task The_next_run_closes_what_another_session_s_writer_left_open()
    {
        var other = RelayApi.NewId();
        await LeaveDrained(other, "all of it");
        using var end = new TempFolder();
        var run = _tool.Run(_session, $"until [ -e {end["now"]} ]; do sleep 0.05; done");
        await Eventually.True(async () => (await Phases(other)).All(phase => phase == OutputPhase.Closed), "the other session's outputs are closed");
        await File.WriteAllTextAsync(end["now"], "");
        (await run).Should().Be(0);
        _tool.Left.Should().BeEmpty();
        _tool.Error.Should().Contain($"closed the outputs of session {other}, which an earlier run had left open");
    }

    [Fact]
    public async Task A_spool_that_owes_nothing_waits_for_its_relay_and_goes_when_nobody_waits_for_it()
    {
        await LeaveDrained(_session, "");
        (await _tool.Recover(_tool.Spools, "--url", "http://127.0.0.1:1", "--flush-timeout", "100ms")).Should().Be(1);
        _tool.Left.Should().ContainSingle("its readers still wait");

        using var client = new RelayClient(relay.Host.BaseAddress);
        await using var other = client.OpenWriter(_session);
        await other.WriteAsync(OutputType.Stdout, "other"u8.ToArray());
        await other.FlushAsync();
        (await _tool.Recover(_tool.Spools, "--flush-timeout", "2s")).Should().Be(0);
        _tool.Out.Should().Contain("another run writes now");
        _tool.Left.Should().BeEmpty();
    }

    [Fact]
    public async Task A_spool_that_owes_nothing_to_its_own_session_stays_when_another_one_cannot_take_it_now()
    {
        await LeaveDrained(_session, "all of it");
        var held = RelayApi.NewId();
        using var client = new RelayClient(relay.Host.BaseAddress);
        await using var other = client.OpenWriter(held);
        await other.WriteAsync(OutputType.Stdout, "other"u8.ToArray());
        await other.FlushAsync();

        (await _tool.Recover(_tool.Left.Single().Folder, "--session-as", held, "--flush-timeout", "2s")).Should().Be(1);

        _tool.Left.Should().ContainSingle();
    }

    [Fact]
    public async Task A_spool_that_owes_nothing_goes_when_its_session_is_gone()
    {
        await LeaveDrained(_session, "all of it");
        await relay.Host.Http.DeleteAsync(RelayApi.SessionPath(_session));
        (await _tool.Recover(_tool.Spools)).Should().Be(0);
        _tool.Out.Should().Contain("refused: ").And.Contain("0 bytes removed");
        _tool.Left.Should().BeEmpty();
    }

    [Fact]
    public async Task A_writer_that_was_killed_before_it_did_anything_makes_no_session()
    {
        var never = new SpoolDescription { Session = _session, RunId = "run", Url = relay.Host.BaseAddress, StartedAt = DateTimeOffset.UnixEpoch };
        Spool.Open(new SpoolOptions { Folder = Path.Combine(_tool.Spools, "never") }, never, out _).Dispose();
        (await _tool.Recover(_tool.Spools)).Should().Be(0);
        _tool.Out.Should().StartWith($"{_session}: its writer was killed before it wrote anything");
        _tool.Left.Should().BeEmpty();
        (await relay.Api.Status(_session)).Should().BeNull();
    }

    /// <summary>The relay tells its readers alone whether a writer left or was lost.</summary>
    private async Task<IEnumerable<OutputPhase>> Phases(string session) =>
        (await relay.Host.Services.GetRequiredService<SessionRegistry>().GetAsync(session, CancellationToken.None)).Log.Snapshot().Outputs.Select(output => output.Phase);

    /// <summary>Leaves a spool as a writer does that was killed when the relay had all of it for good.</summary>
    private async Task LeaveDrained(string session, string written)
    {
        var proxy = FaultProxy.To(relay.Host.BaseAddress);
        using var client = new RelayClient(proxy.Address);
        using var folder = new TempFolder();
        var connected = new TaskCompletionSource();
        var writer = client.OpenWriter(session, new WriterOptions
        {
            Spool = new SpoolOptions { Folder = folder["spool"] },
            CloseTimeout = TimeSpan.Zero,
            OnConnectionChange = change => _ = change.State == ConnectionState.Connected && connected.TrySetResult(),
        });
        await writer.WriteAsync(OutputType.Stdout, System.Text.Encoding.UTF8.GetBytes(written));
        await Eventually.Done(connected.Task, "the writer is connected");
        await writer.FlushAsync();
        Copy(folder["spool"], Path.Combine(_tool.Spools, session)); // A kill leaves what stands there now, and a connection that breaks.
        await proxy.DisposeAsync();
        await writer.DisposeAsync();
        await Eventually.True(async () => (await relay.Api.Status(session))!.Outputs["stdout"].Writer is null, "the relay notices");
        _tool.Left.Should().ContainSingle().Which.Should().BeEquivalentTo(new { UndeliveredBytes = 0L, HasEnd = false, IsOwed = true });

        void Copy(string from, string to)
        {
            Directory.CreateDirectory(to);
            foreach (var file in Directory.GetFiles(from).Where(file => Path.GetFileName(file) != "lock"))
            {
                File.Copy(file, Path.Combine(to, Path.GetFileName(file)));
            }

            File.WriteAllText(Path.Combine(to, "lock"), "");
            var description = Path.Combine(to, "spool.json");
            File.WriteAllText(description, File.ReadAllText(description).Replace(proxy.Address.Authority, relay.Host.BaseAddress.Authority, StringComparison.Ordinal));
        }
    }
}
