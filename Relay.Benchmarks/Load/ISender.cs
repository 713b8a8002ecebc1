namespace Relay.Benchmarks.Load;

/// <summary>A writer's end of a connection.</summary>
internal interface ISender : IAsyncDisposable
{
    /// <summary>Hands bytes over; the memory stays as it is until the end of the measurement.</summary>
    ValueTask SendAsync(ReadOnlyMemory<byte> bytes);

    /// <summary>What was handed over goes on its way, if the sender gathers.</summary>
    ValueTask FlushAsync() => ValueTask.CompletedTask;
}

/// <summary>A reader's end of a connection. Reading begins when it is opened.</summary>
internal interface IReceiver : IAsyncDisposable
{
    Receipt Receipt { get; }
}
