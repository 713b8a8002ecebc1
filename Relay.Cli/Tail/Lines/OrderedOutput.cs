using Relay.Contracts;
using Relay.Terminal;

namespace Relay.Cli.Tail.Lines;

/// <summary>Joins neighbouring records of one output into one write, and keeps the order between the outputs.</summary>
internal sealed class OrderedOutput(StandardStreams streams)
{
    // To copy so much costs more than the call that it saves.
    private const int Large = 16 * 1024;

    private readonly byte[] _pending = new byte[64 * 1024];
    private OutputType _output;
    private int _length;

    public void Write(OutputType output, ReadOnlySpan<byte> bytes)
    {
        if (output != _output || _length + bytes.Length > _pending.Length || bytes.Length >= Large)
        {
            Flush();
            _output = output;
        }

        if (bytes.Length >= Large)
        {
            Target.Write(bytes);
            Target.Flush();
            return;
        }

        bytes.CopyTo(_pending.AsSpan(_length));
        _length += bytes.Length;
    }

    public void Flush()
    {
        if (_length > 0)
        {
            Target.Write(_pending.AsSpan(0, _length));
            Target.Flush();
            _length = 0;
        }
    }

    private Stream Target => _output == OutputType.Stderr ? streams.Error : streams.Out;
}
