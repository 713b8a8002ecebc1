using System.Text;
using Relay.Cli.Tables;
using Relay.Client;
using Relay.Contracts;
using Relay.Terminal;

namespace Relay.Cli;

/// <summary>What the commands that ask the relay something have in common: a client, lines on stdout, and an exit code for each failure.</summary>
internal sealed class RelayCall(StandardStreams streams, RelayClientOptions relay, TimeProvider time)
{
    /// <summary>How long a relay may take to be reached by a command that does not wait for it.</summary>
    public static readonly TimeSpan ConnectTimeout = TimeSpan.FromSeconds(5);

    public async Task<int> RunAsync(Func<RelayClient, Task<int>> call, CancellationToken cancellationToken)
    {
        try
        {
            using var client = new RelayClient(relay with { ConnectTimeout = ConnectTimeout, TimeProvider = time });
            return await call(client);
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            return ExitCode.Interrupted;
        }
        catch (BrokenPipeException)
        {
            return ExitCode.BrokenPipe;
        }
        catch (RelayException failure)
        {
            Say(streams, failure.Message);
            return ExitCode.Of(failure);
        }
        catch (IOException failure)
        {
            streams.Say("relay", $"cannot write the answer: {failure.Message}");
            return ExitCode.BytesMissing;
        }
    }

    /// <summary>Says a failure on stderr. The words may be those of a stranger that is no relay at all.</summary>
    public static void Say(StandardStreams streams, string message) => streams.Say("relay", PlainText.Escape(message.ReplaceLineEndings(" ")));

    /// <summary>Writes a line to stdout, at once.</summary>
    public static void Print(StandardStreams streams, string line) => streams.Out.Write(Encoding.UTF8.GetBytes(line + "\n"));
}
