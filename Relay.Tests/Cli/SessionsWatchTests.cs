using System.Text;
using FluentAssertions;
using Relay.Cli.Sessions;
using Relay.Contracts;
using Relay.Terminal;
using Relay.Tests.TestKit;
using Xunit;

namespace Relay.Tests.Cli;

public sealed class SessionsWatchTests : IDisposable
{
    private readonly MemoryStream _out = new();
    private readonly FakeTime _time = new();
    private TerminalSize _size = new(80, 24);

    public void Dispose() => _out.Dispose();

    [Fact]
    public async Task In_a_pipe_there_is_a_line_for_each_change_until_it_is_terminated()
    {
        await using var relay = await RelayHost.StartAsync();
        var id = RelayApi.NewId();
        await relay.Api.CreateSession(id);
        await using var watch = ChildProcess.Start(DotNet.Cli("sessions", "--watch", "--url", relay.BaseAddress.AbsoluteUri));
        await watch.Printed($"{id}  waiting");
        await Job.Complete(relay, id, "abc", exitCode: 3);
        await watch.Printed($"{id}  exit:3");
        using var deleted = await relay.Api.Send(HttpMethod.Delete, RelayApi.SessionPath(id));
        await watch.Printed($"{id}  gone");
        watch.Send(Signal.Term);
        (await watch.WaitForExit()).Should().Be(143);
        watch.StderrText.Should().BeEmpty();
    }

    [Fact]
    public void Activity_alone_is_no_change()
    {
        var changes = new SessionsChanges(Streams, json: false);
        changes.Show([Session("a", bytes: 1)]);
        changes.Show([Session("a", bytes: 1) with { LastActivityAt = _time.GetUtcNow() }]);
        changes.Show([Session("b", bytes: 0), Session("a", bytes: 2)]);
        changes.Show([Session("b", bytes: 0)]);
        Drawn().Split('\n').Select(line => line.Split("  ")[0]).Should().Equal("a", "a", "b", "a", "");
    }

    [Fact]
    public void On_a_terminal_the_table_is_drawn_over_the_one_before_in_place_and_only_when_it_changed()
    {
        var screen = Screen();
        screen.Show([Session("a", bytes: 1), Session("b", bytes: 2)]);
        var first = Drawn();
        first.Should().NotContain("\u001b[2J", "what was on the screen before stays").And.EndWith("\n\u001b[J");
        first.Count(c => c == '\n').Should().Be(3);

        screen.Show([Session("a", bytes: 1), Session("b", bytes: 2)]);
        Drawn().Should().BeEmpty();

        screen.Show([Session("b", bytes: 3)]);
        Drawn().Should().StartWith("\r\u001b[3A", "as many lines as were drawn").And.EndWith("\n\u001b[J", "the line that is gone is erased");
    }

    [Fact]
    public void A_frame_is_never_higher_or_wider_than_the_terminal()
    {
        _size = new TerminalSize(20, 5);
        var screen = Screen();
        screen.Show([.. Enumerable.Range(0, 50).Select(i => Session(new string('x', 40) + i, bytes: 1))]);
        var lines = Drawn().Split('\n').Select(line => line.Replace("\u001b[K", "").Replace("\u001b[J", "")).ToArray();
        lines.Should().HaveCountLessThanOrEqualTo(5).And.OnlyContain(line => line.Length <= 20).And.Contain("… and 48 more");

        _size = new TerminalSize(10, 5);
        screen.Failed(RelayException.Create(RelayErrorCode.ConnectionLost, "It\nis \u001b[31m away."));
        Drawn().Should().StartWith("\u001b[H\u001b[2J", "a terminal that was resized may have wrapped lines").And.NotContain("\u001b[31m");
    }

    [Fact]
    public async Task A_relay_that_goes_away_while_it_is_watched_is_waited_for()
    {
        var relay = await RelayHost.StartAsync();
        using var client = new global::Relay.Client.RelayClient(relay.BaseAddress);
        using var cancel = new CancellationTokenSource();
        var view = new View();
        var watch = new SessionsWatch(new SessionsQuery(client, new SessionFilter([], new Dictionary<string, string>(StringComparer.Ordinal), null)), view, _time)
            .RunAsync(cancel.Token);
        await Eventually.True(() => view.Shown == 1, "the list is shown");
        await relay.DisposeAsync();
        await Eventually.True(() => Tick() && view.Failures > 0, "the failure is shown");
        await cancel.CancelAsync();
        await watch.Awaiting(it => it).Should().ThrowAsync<OperationCanceledException>();
    }

    private StandardStreams Streams => new(_out, _out, ErrorIsTerminal: false);

    private SessionsScreen Screen() => new(Streams, _time, () => _size);

    private SessionStatus Session(string id, long bytes) => new()
    {
        SessionId = id,
        State = "live",
        CreatedAt = _time.GetUtcNow(),
        Outputs = new Dictionary<string, OutputStatus>(StringComparer.Ordinal) { ["stdout"] = new() { State = "closed", Bytes = bytes } },
    };

    private string Drawn()
    {
        var text = Encoding.UTF8.GetString(_out.ToArray());
        _out.SetLength(0);
        return text;
    }

    private bool Tick()
    {
        if (_time.ArmedTimers > 0)
        {
            _time.Advance(TimeSpan.FromSeconds(1));
        }

        return true;
    }

    private sealed class View : ISessionsView
    {
        private int _shown;
        private int _failures;

        public int Shown => Volatile.Read(ref _shown);

        public int Failures => Volatile.Read(ref _failures);

        public void Show(IReadOnlyList<SessionStatus> sessions) => Interlocked.Increment(ref _shown);

        public void Failed(RelayException failure) => Interlocked.Increment(ref _failures);
    }
}
