using System.Text;
using Relay.Cli;
using Relay.Terminal;

namespace Relay.Tests.Cli;

/// <summary>A run of <c>relay tail</c> with streams that a test can look at while it goes on.</summary>
internal sealed class TailConsole(ScriptedRelay relay) : IDisposable
{
    private readonly SharedStream _screen = new();
    private readonly SharedStream _out = new();
    private readonly SharedStream _error = new();

    /// <summary>Whether both outputs are on one terminal, of which <see cref="Screen"/> has all bytes.</summary>
    public bool IsTerminal { get; init; }

    public int Columns { get; set; } = 80;

    public Dictionary<string, string?> Environment { get; } = new(StringComparer.Ordinal) { ["TERM"] = "xterm" };

    public string Screen => _screen.Text;

    public string Out => _out.Text;

    public string Error => _error.Text;

    public Task<int> TailAsync(string line, CancellationToken cancellationToken = default)
    {
        var streams = IsTerminal
            ? new StandardStreams(_screen, _screen, ErrorIsTerminal: true, OutIsTerminal: true) { Width = _ => Columns }
            : new StandardStreams(_out, _error, ErrorIsTerminal: false);
        return CommandLine.RunAsync(["tail", .. line.Split(' ')], streams, relay.Relay with { Environment = Environment.GetValueOrDefault }, cancellationToken);
    }

    public void Dispose()
    {
        _screen.Dispose();
        _out.Dispose();
        _error.Dispose();
    }

    private sealed class SharedStream : MemoryStream
    {
        public string Text
        {
            get
            {
                lock (this)
                {
                    return Encoding.UTF8.GetString(ToArray());
                }
            }
        }

        public override void Write(ReadOnlySpan<byte> buffer)
        {
            lock (this)
            {
                base.Write(buffer);
            }
        }
    }
}
