using System.Text;
using Relay.Client;
using Relay.Contracts;
using Relay.Tests.TestKit;

namespace Relay.Tests.Cli;

/// <summary>A job as its writer sees it: writes, and completes or leaves.</summary>
internal static class Job
{
    public static async Task Complete(RelayHost relay, string session, string stdout, string stderr = "", int? exitCode = 0, string? run = null)
    {
        using var client = new RelayClient(relay.BaseAddress);
        await using var writer = client.OpenWriter(session, new WriterOptions { RunId = run });
        await Write(writer, stdout, stderr);
        await Eventually.Done(writer.CompleteAsync(exitCode), "the completion is answered");
    }

    public static async Task Leave(RelayHost relay, string session, string stdout, string? run = null)
    {
        using var client = new RelayClient(relay.BaseAddress);
        await using var writer = client.OpenWriter(session, new WriterOptions { RunId = run });
        await Write(writer, stdout, "");
        await Eventually.Done(writer.FlushAsync(), "the bytes are durable");
    }

    private static async Task Write(LogWriter writer, string stdout, string stderr)
    {
        await writer.WriteAsync(OutputType.Stdout, Encoding.UTF8.GetBytes(stdout));
        await writer.WriteAsync(OutputType.Stderr, Encoding.UTF8.GetBytes(stderr));
    }
}
