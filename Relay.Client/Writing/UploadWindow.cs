using Relay.Contracts;

namespace Relay.Client.Writing;

/// <summary>
/// Counts the items that are on their way and not acknowledged. More of them than the relay's upload buffer holds would stop it from reading
/// the connection, and can cost the connection (docs/protocol.md, 6.2); more bytes than one sync is about would be a burden on its memory, and speed nothing up.
/// </summary>
/// <param name="size">The grant's window.</param>
internal sealed class UploadWindow(int size)
{
    /// <summary>Most bytes on their way; one item may be larger.</summary>
    public const int MaxBytes = 4 * 1024 * 1024;

    // The relay stores items in the order in which they were sent, so the first one that waits holds back all others.
    private readonly Queue<(OutputType Output, long End, long Bytes)> _waiting = new();
    private readonly Dictionary<OutputType, long> _written = [];
    private long _waitingBytes;

    public bool HasRoom => _waiting.Count < size && _waitingBytes < MaxBytes;

    /// <summary>An item of so many bytes, whose last one is before <paramref name="end"/>, was handed to the connection. A gap has none.</summary>
    public void Sent(OutputType output, long end, long bytes)
    {
        _waiting.Enqueue((output, end, bytes));
        _waitingBytes += bytes;
    }

    /// <summary>The relay has the output up to <paramref name="writtenTo"/>.</summary>
    public void Acknowledged(OutputType output, long writtenTo)
    {
        _written[output] = writtenTo;
        while (_waiting.TryPeek(out var first) && _written.GetValueOrDefault(first.Output) >= first.End)
        {
            _waitingBytes -= _waiting.Dequeue().Bytes;
        }
    }
}
