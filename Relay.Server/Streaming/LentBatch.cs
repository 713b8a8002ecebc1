using Relay.Contracts;

namespace Relay.Server.Streaming;

/// <summary>A batch whose bytes are the log's own memory.</summary>
internal sealed record LentBatch : LogBatch
{
    private readonly ReaderPump _borrower; // A field, no property: nothing may write it out with the batch.

    public LentBatch(ReaderPump borrower) => _borrower = borrower;

    /// <summary>Gives the memory back before the next batch is asked for. The entries are gone then.</summary>
    public void Return() => _borrower.Rest();
}
