using System.Runtime.InteropServices;
using Relay.Cli;
using Relay.Terminal;

using var stop = new CancellationTokenSource();
var terminated = false;

using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, Stop);
using var terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Stop);

var exitCode = await CommandLine.RunAsync(args, StandardStreams.Open(), CommandLine.Relay, stop.Token);
return terminated && exitCode == ExitCode.Interrupted ? ExitCode.Terminated : exitCode;

void Stop(PosixSignalContext signal)
{
    // The first one ends the command in good order; a second one finds it hanging and ends the process.
    signal.Cancel = !stop.IsCancellationRequested;
    terminated = signal.Signal == PosixSignal.SIGTERM;
    stop.Cancel();
}
