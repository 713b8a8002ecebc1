using Relay.Redaction;

namespace Relay.Writer.Follow;

/// <summary>
/// Masks the secrets of one followed file. The place that goes into the spool with some bytes is the one up to which all was handed on: what is
/// held is read again after a crash.
/// </summary>
internal sealed class FollowMask : IAsyncDisposable
{
    private readonly RedactedOutput _output;
    private readonly Func<ReadOnlyMemory<byte>, FileCheckpoint, CancellationToken, ValueTask> _deliver;
    private FileCheckpoint? _place; // Behind what is handed on.
    private FileCheckpoint? _end; // Behind what is held.
    private CancellationToken _giveUp;

    public FollowMask(RedactionRules rules, SecretCounts counts, Func<ReadOnlyMemory<byte>, FileCheckpoint, CancellationToken, ValueTask> deliver, TimeProvider time)
    {
        _deliver = deliver;
        // What the clock could not deliver is read again: its place was not stored.
        _output = new RedactedOutput(new Redactor(rules, MaskStyle.Named, counts.Add), DeliverAsync, _ => { }, time);
    }

    /// <param name="bytes">None when what follows comes from another file.</param>
    /// <param name="placeBefore">The place so many bytes before their end.</param>
    /// <param name="cancellationToken">Ends the wait for room.</param>
    public ValueTask TakeAsync(ReadOnlyMemory<byte> bytes, Func<int, FileCheckpoint> placeBefore, CancellationToken cancellationToken) =>
        bytes.IsEmpty ? EndAsync() : _output.TakeAsync(bytes, held => (_place, _end, _giveUp) = (placeBefore(held), placeBefore(0), cancellationToken));

    /// <summary>Hands on what is held.</summary>
    public ValueTask EndAsync() => _output.EndAsync();

    public ValueTask DisposeAsync() => _output.DisposeAsync();

    private ValueTask DeliverAsync(ReadOnlyMemory<byte> ready) => _deliver(ready, (_output.HeldBytes == 0 ? _end : _place)!, _giveUp);
}
