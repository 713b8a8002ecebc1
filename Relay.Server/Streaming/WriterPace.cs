using Microsoft.Extensions.Options;

namespace Relay.Server.Streaming;

/// <summary>Makes the pace of each writer that comes.</summary>
internal sealed class WriterPaces(IOptions<StreamingOptions> options, TimeProvider time, IHostApplicationLifetime lifetime)
{
    /// <summary>Whether writers are held to a rate.</summary>
    public bool AreHeld => options.Value.WriterBytesPerSecond > 0;

    /// <param name="gone">The writer is gone.</param>
    public WriterPace? Next(CancellationToken gone) =>
        AreHeld ? new WriterPace(options.Value.WriterBytesPerSecond, time, lifetime.ApplicationStopping, gone) : null;
}

/// <summary>
/// Holds one writer to its bytes per second, as a token bucket that holds one second's worth. The writer waits, and so, by its window or its TCP
/// connection, does whoever sends; nothing is refused or lost.
/// </summary>
internal sealed class WriterPace(long bytesPerSecond, TimeProvider time, CancellationToken stopping, CancellationToken gone)
{
    private long _fullAt = time.GetTimestamp();

    private TimeSpan UntilFull => TimeSpan.FromSeconds((double)(_fullAt - time.GetTimestamp()) / time.TimestampFrequency);

    /// <summary>Waits until so many bytes may pass; more than the bucket holds may when it is full. Returns at once for a writer that is over.</summary>
    public async ValueTask WaitAsync(long bytes, CancellationToken lost)
    {
        var left = TimeSpan.FromSeconds(1 - Math.Min(1, (double)bytes / bytesPerSecond)); // What may be lacking from the bucket.
        if (UntilFull - left is var wait && wait > TimeSpan.Zero)
        {
            using var over = CancellationTokenSource.CreateLinkedTokenSource(stopping, gone, lost);
            await Task.Delay(wait, time, over.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }

        _fullAt = Math.Max(_fullAt, time.GetTimestamp()) + (long)((double)bytes / bytesPerSecond * time.TimestampFrequency);
    }
}
