using System.Text;
using FluentAssertions;
using Relay.Contracts;
using Relay.Server.Storage;

namespace Relay.Tests.Storage;

/// <summary>What tests do with a log, in a word each.</summary>
internal static class LogSteps
{
    public static readonly OutputType[] Both = [OutputType.Stdout, OutputType.Stderr];

    public static async Task<ISessionLog> NewSession(this ILogStore store, string id = "nightly") =>
        await store.CreateAsync(id, new Dictionary<string, string>(StringComparer.Ordinal), null, CancellationToken.None);

    /// <summary>The session, which must be there.</summary>
    public static async Task<ISessionLog> Session(this ILogStore store, string id = "nightly")
    {
        var log = await store.FindAsync(id, CancellationToken.None);
        log.Should().NotBeNull($"session '{id}' is in the store");
        return log!;
    }

    public static async Task<WriterLease> Lease(this ISessionLog log, string run = "run", int attempt = 1, long incarnation = 0, params OutputType[] outputs) =>
        await log.AcquireAsync(new LeaseRequest(run, attempt, outputs.Length == 0 ? Both : outputs, incarnation), CancellationToken.None);

    public static async Task<long> Write(this ISessionLog log, WriterLease lease, string text, OutputType output = OutputType.Stdout, long? offset = null) =>
        await log.AppendAsync(lease, output, offset, Encoding.UTF8.GetBytes(text), CancellationToken.None);

    public static async Task<long> Write(this ISessionLog log, WriterLease lease, byte[] bytes, OutputType output = OutputType.Stdout, long? offset = null) =>
        await log.AppendAsync(lease, output, offset, bytes, CancellationToken.None);

    public static async Task<Completion> Complete(this ISessionLog log, WriterLease lease, int? exitCode = 0, params OutputTotal[] totals) =>
        await log.CompleteAsync(lease, exitCode, totals, CancellationToken.None);

    public static async Task Leave(this ISessionLog log, WriterLease lease, bool inGoodOrder = true) => await log.ReleaseAsync(lease, inGoodOrder);

    public static Task MakeDurable(this ISessionLog log) => log.FlushAsync(CancellationToken.None);

    /// <summary>What a new reader is given, up to the tail.</summary>
    public static ReadBack ReadAll(this ISessionLog log, ReadFrom? from = null, int maxBytes = 64 * 1024)
    {
        using var reader = log.OpenReader(from ?? ReadFrom.Start);
        return reader.ReadOn(maxBytes);
    }

    /// <summary>What a reader is given from where it is, up to the tail.</summary>
    public static ReadBack ReadOn(this ILogReader reader, int maxBytes = 64 * 1024)
    {
        var back = new ReadBack();
        back.TakeFrom(reader, maxBytes);
        return back;
    }

    public static OutputTotal Total(string text, OutputType output = OutputType.Stdout)
    {
        var bytes = Encoding.UTF8.GetBytes(text);
        return new OutputTotal(output, bytes.Length, Crc32C.Append(0, bytes));
    }

    /// <summary>The action must fail with this code.</summary>
    public static async Task<RelayException> Refused(Func<Task> action, RelayErrorCode code)
    {
        var failure = (await action.Should().ThrowAsync<RelayException>()).Which;
        failure.Code.Should().Be(code, failure.Message);
        return failure;
    }

    /// <summary>Bytes that differ everywhere and hold every value; one in eight or so is a newline.</summary>
    public static byte[] Noise(int count, int seed)
    {
        var bytes = new byte[count];
        var random = new Random(seed);
        random.NextBytes(bytes);
        for (var i = 0; i < count; i++)
        {
            if (random.Next(8) == 0)
            {
                bytes[i] = (byte)'\n';
            }
        }

        return bytes;
    }
}
