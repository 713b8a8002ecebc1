using Relay.Client;
using Relay.Contracts;

namespace Relay.Benchmarks.Load;

/// <summary>The client library's reader.</summary>
internal sealed class LibraryReceiver : IReceiver
{
    private readonly CancellationTokenSource _left = new();
    private readonly Task _reading;

    public LibraryReceiver(RelayClient client, string session, Receipt receipt)
    {
        Receipt = receipt;
        _reading = Task.Run(() => ReadAsync(client, session));
    }

    public Receipt Receipt { get; }

    public async ValueTask DisposeAsync()
    {
        await _left.CancelAsync();
        await _reading;
        _left.Dispose();
    }

    private async Task ReadAsync(RelayClient client, string session)
    {
        try
        {
            await foreach (var batch in client.ReadBatchesAsync(session, cancellationToken: _left.Token))
            {
                foreach (var entry in batch.Entries)
                {
                    if (entry.Kind is LogEntryKind.Gap or LogEntryKind.Diverged)
                    {
                        throw new InvalidDataException($"Bytes are missing: {entry}.");
                    }

                    if (entry.Kind == LogEntryKind.Data)
                    {
                        Receipt.Take(entry.Data.Span);
                    }
                }
            }

            Receipt.Fail(new IOException("The relay ended the read."));
        }
        catch (Exception e)
        {
            Receipt.Fail(e);
        }
    }
}
