using Relay.Contracts;

namespace Relay.Client.Writing;

/// <summary>
/// Counts the items that are on their way and not acknowledged. More of them than the relay's upload buffer holds would stop it from reading
/// the connection, and can cost the connection (docs/protocol.md, 6.2).
/// </summary>
/// <param name="size">The grant's window.</param>
internal sealed class UploadWindow(int size)
{
    // The relay stores items in the order in which they were sent, so the first one that waits holds back all others.
    private readonly Queue<(OutputType Output, long End)> _waiting = new();
    private readonly Dictionary<OutputType, long> _written = [];

    public bool HasRoom => _waiting.Count < size;

    /// <summary>An item whose last byte is before <paramref name="end"/> was handed to the connection.</summary>
    public void Sent(OutputType output, long end) => _waiting.Enqueue((output, end));

    /// <summary>The relay has the output up to <paramref name="writtenTo"/>.</summary>
    public void Acknowledged(OutputType output, long writtenTo)
    {
        _written[output] = writtenTo;
        while (_waiting.TryPeek(out var first) && _written.GetValueOrDefault(first.Output) >= first.End)
        {
            _waiting.Dequeue();
        }
    }
}
