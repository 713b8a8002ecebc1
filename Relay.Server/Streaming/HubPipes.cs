using System.IO.Pipelines;
using System.Runtime.CompilerServices;
using Microsoft.AspNetCore.Http.Connections;

namespace Relay.Server.Streaming;

/// <summary>
/// How much is carried at a time from a socket to the hub. The defaults, 4 KiB at each of the steps, suit chat messages: a log that comes in pieces of
/// 240 KiB is cut into sixty, and each costs a system call, two locks and often a change of threads. See docs/decisions/0023.
/// </summary>
internal static class HubPipes
{
    private const int SegmentBytes = 64 * 1024;
    private const int UploadBufferBytes = 256 * 1024;

    // Of the shared pool they would fill all places as soon as many clients connect at once, each with a few bytes.
    private static readonly BlockPool Segments = new(SegmentBytes, maxSpareBlocks: 16, isPinned: false);

    /// <summary>Carries what clients send in large pieces. Memory is taken only while there is something in it.</summary>
    public static void UseLargeUploadSegments(HttpConnectionDispatcherOptions options)
    {
        try
        {
            UploadPipe(options) = new PipeOptions(
                Segments, pauseWriterThreshold: UploadBufferBytes, resumeWriterThreshold: UploadBufferBytes / 2, minimumSegmentSize: SegmentBytes, useSynchronizationContext: false);
        }
        catch (MissingFieldException)
        {
            // Another version of ASP.NET Core, which keeps them elsewhere: its defaults are slower, and right as well.
        }
    }

    // ASP.NET Core makes them from two sizes, and has no setting for the third.
    [UnsafeAccessor(UnsafeAccessorKind.Field, Name = "_appPipeOptions")]
    public static extern ref PipeOptions? UploadPipe(HttpConnectionDispatcherOptions options);
}
