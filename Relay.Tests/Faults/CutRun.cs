using System.Text;
using FluentAssertions;
using Relay.Contracts;
using Relay.Tests.TestKit;

namespace Relay.Tests.Faults;

/// <summary>What is written in a cut test: some pieces of both outputs, no two alike, so that a lost, doubled or misplaced byte shows.</summary>
internal static class CutRun
{
    public const int ExitCode = 3;

    public static IReadOnlyList<(OutputType Output, byte[] Bytes)> Pieces { get; } =
    [
        .. Enumerable.Range(0, 12).Select(i => (
            i % 3 == 2 ? OutputType.Stderr : OutputType.Stdout,
            Encoding.ASCII.GetBytes(string.Concat(Enumerable.Range(0, 3 + i).Select(j => $"{i:x}:{j:x2},")) + "\n"))),
    ];

    public static byte[] Stdout { get; } = Of(OutputType.Stdout);

    public static byte[] Stderr { get; } = Of(OutputType.Stderr);

    public static IReadOnlyList<OutputTotal> Totals { get; } = [.. OutputTypes.All.Select(output => new OutputTotal(output, Of(output).Length, Crc32C.Append(0, Of(output))))];

    /// <summary>A session that has it all, and is completed.</summary>
    public static async Task<string> StoreAsync(RelayHost relay)
    {
        var session = await relay.Api.CreateSession();
        await using var peer = await HubPeer.ConnectAsync(relay);
        using var upload = await peer.WriteAsync(new WriteRequest { Session = session, RunId = "run" });
        foreach (var item in Items())
        {
            upload.Send(item);
        }

        while (upload.Ack.Kind != WriteAckKind.Completed)
        {
            (await upload.NextAsync()).Should().NotBeNull("the completion is answered");
        }

        return session;
    }

    /// <summary>As a hub writer sends it that is alone with its session: the pieces, then the end.</summary>
    public static IEnumerable<WriteItem> Items()
    {
        var offsets = OutputTypes.All.ToDictionary(output => output, _ => 0L);
        foreach (var (output, bytes) in Pieces)
        {
            yield return new WriteItem { Kind = WriteItemKind.Data, Output = output, Offset = offsets[output], Data = bytes };
            offsets[output] += bytes.Length;
        }

        yield return new WriteItem { Kind = WriteItemKind.Complete, ExitCode = ExitCode, Totals = Totals };
    }

    /// <summary>Everything is stored, once, and was found to be what the writer wrote.</summary>
    public static async Task ShouldBeStored(RelayHost relay, string session)
    {
        (await relay.Api.ReadAll(session, "stdout")).ShouldBeExactly(Stdout, "stdout as it is stored");
        (await relay.Api.ReadAll(session, "stderr")).ShouldBeExactly(Stderr, "stderr as it is stored");
        var status = (await relay.Api.Status(session))!;
        status.Should().BeEquivalentTo(new { State = "completed", ExitCode = (int?)ExitCode });
        status.Outputs.Values.Should().OnlyContain(output => output.Verdict == "verified");
    }

    public static byte[] Of(OutputType output) => [.. Pieces.Where(piece => piece.Output == output).SelectMany(piece => piece.Bytes)];
}
