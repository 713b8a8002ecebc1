using Relay.Client;
using Relay.Contracts;

namespace Relay.Benchmarks.Load;

/// <summary>The client library's writer.</summary>
internal sealed class LibrarySender(LogWriter writer) : ISender
{
    public ValueTask SendAsync(ReadOnlyMemory<byte> bytes) => writer.WriteAsync(OutputType.Stdout, bytes);

    public ValueTask DisposeAsync() => writer.DisposeAsync();
}
