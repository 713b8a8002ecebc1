using Relay.Contracts;
using Relay.Server.Sessions;

namespace Relay.Server.Streaming;

/// <summary>The response body that a log is read in.</summary>
internal static class LogBody
{
    private static readonly TimeSpan StallCheck = TimeSpan.FromSeconds(5);

    /// <summary>
    /// Writes a piece. A client that takes nothing may stay as long as it likes (a person may page through the log), but it must not keep the
    /// files of a session that is gone.
    /// </summary>
    public static async Task SendAsync(this HttpContext context, Session session, ReadOnlyMemory<byte> bytes, TimeProvider time, CancellationToken cancellationToken)
    {
        var write = context.Response.BodyWriter.WriteAsync(bytes, cancellationToken);
        if (write.IsCompletedSuccessfully)
        {
            return;
        }

        var pending = write.AsTask();
        while (true)
        {
            try
            {
                await pending.WaitAsync(StallCheck, time, cancellationToken);
                return;
            }
            catch (TimeoutException)
            {
                if (session.Log.Gone != EndReason.None)
                {
                    context.Abort();
                }
            }
        }
    }
}
