using System.Runtime.InteropServices;

namespace Relay.Writer.Run;

/// <summary>
/// Passes signals on to the job, each time they come. Signals that arrive before the job is there wait for it. INT and QUIT are not passed
/// on when stdin is a terminal: the terminal sends them to the whole foreground group, and the job would get them twice.
/// </summary>
internal sealed class SignalForwarder : IDisposable
{
    private static readonly int[] FromKeyboard = [UnixSignals.Interrupt, UnixSignals.Quit];

    private readonly Lock _gate = new();
    private readonly List<int> _early = [];
    private readonly List<PosixSignalRegistration> _registrations = [];
    private readonly bool _stdinIsTerminal;
    private Job? _job;
    private Action? _onceJobIsGone;

    public SignalForwarder(bool stdinIsTerminal)
    {
        _stdinIsTerminal = stdinIsTerminal;
        Register(PosixSignal.SIGTERM, UnixSignals.Terminate);
        Register(PosixSignal.SIGHUP, UnixSignals.Hangup);
        Register(PosixSignal.SIGINT, UnixSignals.Interrupt);
        Register(PosixSignal.SIGQUIT, UnixSignals.Quit);
        if (!OperatingSystem.IsWindows())
        {
            Register((PosixSignal)UnixSignals.User1, UnixSignals.User1);
            Register((PosixSignal)UnixSignals.User2, UnixSignals.User2);
        }
    }

    public void AttachTo(Job job)
    {
        lock (_gate)
        {
            _job = job;
            _early.ForEach(job.Signal);
            _early.Clear();
        }
    }

    /// <summary>From now on TERM, HUP, INT and QUIT call <paramref name="action"/> instead, until this is disposed.</summary>
    public IDisposable OnceJobIsGone(Action action)
    {
        lock (_gate)
        {
            _onceJobIsGone = action;
        }

        return new Restore(this);
    }

    public void Dispose() => _registrations.ForEach(registration => registration.Dispose());

    private void Register(PosixSignal name, int number) => _registrations.Add(PosixSignalRegistration.Create(name, context =>
    {
        context.Cancel = true;
        Forward(number);
    }));

    private void Forward(int signal)
    {
        lock (_gate)
        {
            if (_onceJobIsGone is { } action)
            {
                if (signal != UnixSignals.User1 && signal != UnixSignals.User2)
                {
                    action();
                }
            }
            else if (_job is null)
            {
                _early.Add(signal);
            }
            else if (!_stdinIsTerminal || !FromKeyboard.Contains(signal))
            {
                _job.Signal(signal);
            }
        }
    }

    private sealed class Restore(SignalForwarder forwarder) : IDisposable
    {
        public void Dispose()
        {
            lock (forwarder._gate)
            {
                forwarder._onceJobIsGone = null;
            }
        }
    }
}
