using System.Collections.Concurrent;
using System.Text;
using FluentAssertions;
using Relay.Client;
using Relay.Contracts;
using Relay.Tests.Cli;
using Relay.Tests.TestKit;
using TailSample;
using Xunit;

namespace Relay.Tests.Examples;

public sealed class TailSampleTests(SharedRelay shared) : IClassFixture<SharedRelay>
{
    private readonly string _session = RelayApi.NewId();

    [Fact]
    public async Task The_terminal_shows_a_session_from_its_first_line_to_its_exit_code()
    {
        await Job.Complete(shared.Host, _session, "one\ntwo", "warn\n", exitCode: 3);
        var program = Repository.Assembly("examples/TailSample", "TailSample");
        var command = DotNet.Cli();
        await using var sample = await ChildProcess.Run(command with { Arguments = [program, _session, shared.Host.BaseAddress.AbsoluteUri] });
        sample.ExitCode.Should().Be(3);
        sample.StdoutText.Should().Be("one\ntwo\n");
        sample.StderrText.Should().Contain("warn\n").And.Contain("[Completed, exit code 3]");
    }

    [Fact]
    public async Task Everything_changes_on_the_thread_of_the_window()
    {
        await Job.Complete(shared.Host, _session, string.Concat(Enumerable.Range(0, 100).Select(i => $"line {i}\n")), exitCode: 0);
        using var relay = new RelayClient(shared.Host.BaseAddress);
        using var window = new Window();
        var threads = new ConcurrentDictionary<int, bool>();
        var tail = await window.Run(async () =>
        {
            var tail = new SessionTail(relay, _session, maxLines: 10);
            tail.PropertyChanged += (_, _) => threads.TryAdd(Environment.CurrentManagedThreadId, true);
            tail.Lines.CollectionChanged += (_, _) => threads.TryAdd(Environment.CurrentManagedThreadId, true);
            await tail.RunAsync(CancellationToken.None);
            return tail;
        });
        threads.Keys.Should().Equal(window.ThreadId);
        (tail.End, tail.ExitCode, tail.DroppedLines).Should().Be((EndReason.Completed, 0, 90L));
        tail.Lines.Select(line => line.Text).Should().Equal(Enumerable.Range(90, 10).Select(i => $"line {i}"));
    }

    [Fact]
    public async Task While_paused_nothing_is_consumed()
    {
        await Job.Leave(shared.Host, _session, "before\n");
        using var relay = new RelayClient(shared.Host.BaseAddress);
        using var cancel = new CancellationTokenSource();
        var tail = new SessionTail(relay, _session) { IsPaused = true };
        var run = tail.RunAsync(cancel.Token);
        await Eventually.True(() => tail.Lines.Count == 1, "the first batch is shown");
        await Job.Complete(shared.Host, _session, "behind\n", exitCode: 7);
        (tail.Lines.Count, tail.End, run.IsCompleted).Should().Be((1, null, false));

        tail.IsPaused = false;
        await Eventually.Done(run, "it goes on to the end");
        tail.Lines.Select(line => line.Text).Should().Equal("before", "behind");
        tail.ExitCode.Should().Be(7);
    }

    [Fact]
    public void Lines_are_whole_however_the_bytes_are_cut()
    {
        var splitter = new LineSplitter();
        var bytes = Encoding.UTF8.GetBytes("über\r\n\nlast");
        bytes.SelectMany(one => splitter.Split(new[] { one })).ToArray().Should().Equal("über", "");
        splitter.Rest().Should().Equal("last");
        splitter.Split(new byte[200_000]).Should().HaveCount(3, "a line without an end is cut");
    }

    /// <summary>A window's thread, as desktop toolkits have it: one loop that runs what is posted to it.</summary>
    private sealed class Window : SynchronizationContext, IDisposable
    {
        private readonly BlockingCollection<Action> _posted = [];
        private readonly Thread _thread;

        public Window()
        {
            _thread = new Thread(() =>
            {
                SetSynchronizationContext(this);
                foreach (var action in _posted.GetConsumingEnumerable())
                {
                    action();
                }
            });
            _thread.Start();
        }

        public int ThreadId => _thread.ManagedThreadId;

        public override void Post(SendOrPostCallback d, object? state)
        {
            if (!_posted.IsAddingCompleted)
            {
                _posted.Add(() => d(state));
            }
        }

        public async Task<T> Run<T>(Func<Task<T>> work)
        {
            var started = new TaskCompletionSource<Task<T>>(TaskCreationOptions.RunContinuationsAsynchronously);
            _posted.Add(() => started.SetResult(work()));
            return await Eventually.Done(started.Task.Unwrap(), "the window's work is done");
        }

        public void Dispose()
        {
            _posted.CompleteAdding();
            _thread.Join();
            _posted.Dispose();
        }
    }
}
