using Relay.Contracts;
using Relay.Redaction;
using Relay.Terminal;

namespace Relay.Writer.Delivering;

/// <summary>Masks the secrets of all outputs of a job, and says at the end how many there were.</summary>
internal sealed class OutputMasks : IAsyncDisposable
{
    private readonly SecretCounts _counts = new();
    private readonly Dictionary<OutputType, RedactedOutput> _outputs;

    /// <param name="rules">What to mask.</param>
    /// <param name="deliver">Takes what is ready; it does not throw.</param>
    /// <param name="time">The clock.</param>
    public OutputMasks(RedactionRules rules, Func<OutputType, ReadOnlyMemory<byte>, ValueTask> deliver, TimeProvider time) =>
        _outputs = OutputTypes.All.ToDictionary(
            output => output,
            output => new RedactedOutput(new Redactor(rules, MaskStyle.Named, _counts.Add), ready => deliver(output, ready), _ => { }, time));

    public ValueTask TakeAsync(OutputType output, ReadOnlyMemory<byte> bytes) => _outputs[output].TakeAsync(bytes);

    /// <summary>The last byte was taken: delivers what is held.</summary>
    public async Task EndAsync()
    {
        foreach (var output in _outputs.Values)
        {
            await output.EndAsync();
        }
    }

    public void SayWhatWasMasked(StandardStreams streams) => SayWhatWasMasked(_counts, streams);

    public static void SayWhatWasMasked(SecretCounts counts, StandardStreams streams)
    {
        if (counts.Total is > 0 and var total)
        {
            streams.Say(WriterCommandLine.Tool, $"{(total == 1 ? "1 secret was" : $"{total} secrets were")} masked ({counts})");
        }
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var output in _outputs.Values)
        {
            await output.DisposeAsync();
        }
    }
}
