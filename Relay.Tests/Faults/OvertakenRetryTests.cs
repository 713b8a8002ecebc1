using System.Net;
using System.Net.Http.Json;
using FluentAssertions;
using Relay.Contracts;
using Relay.Tests.Examples;
using Relay.Tests.TestKit;
using Xunit;

namespace Relay.Tests.Faults;

/// <summary>
/// An HTTP request has no number. One whose sender gave it up may reach the relay only after its own retry: then it is the later one, and the retry
/// ends with <c>fenced</c>. Nothing is stored wrongly, and whoever simply repeats the retry gets through (docs/protocol.md §4).
/// </summary>
[Trait("Category", "Faults")]
public sealed class OvertakenRetryTests(SharedRelay shared) : IClassFixture<SharedRelay>
{
    private RelayApi Api => shared.Host.Api;

    [Fact]
    public async Task A_retry_that_its_own_first_request_overtakes_is_fenced_and_may_be_repeated()
    {
        var session = await Api.CreateSession();
        await using var proxy = FaultProxy.To(shared.Host.BaseAddress);
        using var first = await HoldFirst(proxy, session, "run", "abcdef");
        using var retry = await RawTcp.Connect(proxy.Address);
        await retry.Send($"PUT {RelayApi.WritePath(session, query: "?offset=0&run=run")} HTTP/1.1\r\nHost: localhost\r\nExpect: 100-continue\r\nContent-Length: 6\r\n\r\n");
        (await retry.ReadHead()).Should().StartWith("HTTP/1.1 100", "it has the lease");
        await retry.Send("abc");
        await Eventually.True(async () => (await Api.Status(session))!.Outputs["stdout"].Bytes == 3, "the first half of the retry is stored");

        proxy.Connections[0].ClientToServer.Release();

        (await retry.ReadUntil("\"code\":\"fenced\"")).Should().StartWith("HTTP/1.1 409");
        (await first.ReadUntil("\"offset\":6")).Should().StartWith("HTTP/1.1 200", "the first request is the holder now, and what the retry had stored is the begin of its own");
        using (var again = await Api.Put(session, "stdout", "abcdef"u8.ToArray(), "?offset=0&run=run"))
        {
            again.StatusCode.Should().Be(HttpStatusCode.OK);
        }

        await ShouldBeVerified(session, "run", "abcdef"u8.ToArray());
    }

    [Fact]
    public async Task Curl_in_the_loop_of_the_recipe_gets_through()
    {
        var session = await Api.CreateSession();
        using var folder = new TempFolder();
        await File.WriteAllTextAsync(folder["part"], "abc");
        await File.WriteAllTextAsync(folder["job.out"], "abcdef");
        await using var proxy = FaultProxy.To(shared.Host.BaseAddress);
        using var first = await HoldFirst(proxy, session, "legacy-1", "abcdef");
        // The first try does not end, as its input goes on; the recipe's file is whole the second time.
        await using var curl = ChildProcess.Start(new ChildCommand(
            "bash",
            "-c",
            """tries=0; until tries=$((tries + 1)); { [ $tries = 1 ] && { cat "$1/part"; cat; } || cat "$1/job.out"; } | curl -fsS -T - "$0"; do sleep 0.1; done""",
            new Uri(proxy.Address, RelayApi.WritePath(session, query: "?offset=0&run=legacy-1")).AbsoluteUri,
            folder.Path));
        await Eventually.True(async () => (await Api.Status(session))!.Outputs["stdout"].Bytes == 3, "the retry has the lease", describe: curl.Describe);

        proxy.Connections[0].ClientToServer.Release();

        await first.ReadUntil("\"offset\":6");
        curl.CloseInput();
        (await curl.WaitForExit()).Should().Be(0, curl.Describe());
        curl.StderrText.Should().Contain("409", "the retry was refused once");
        await ShouldBeVerified(session, "legacy-1", "abcdef"u8.ToArray());
    }

    [Fact]
    public async Task The_python_writer_gets_through()
    {
        var session = RelayApi.NewId();
        await using var job = PythonExample.Writer(session, shared.Host.BaseAddress, "bash", "-c", "echo one; read line; echo two; exit 3");
        await Eventually.True(async () => (await Api.Status(session))?.Outputs["stdout"].Bytes == 4, "it writes", describe: job.Describe);
        var run = (await Api.Status(session))!.Outputs["stdout"].Writer;

        using (var ghost = await Api.Put(session, "stdout", "one\n"u8.ToArray(), $"?offset=0&run={run}"))
        {
            ghost.StatusCode.Should().Be(HttpStatusCode.OK, "the run's earlier request comes late, and takes over");
        }

        await job.WriteLine("go on");
        await job.WaitForExit();

        job.ShouldHavePrinted("one\ntwo\n"u8.ToArray(), [], 3, "the job");
        (await Api.ReadAll(session)).ShouldBeExactly("one\ntwo\n"u8.ToArray(), "the relay's stdout");
        (await Api.Status(session)).Should().BeEquivalentTo(new { State = "completed", ExitCode = 3 });
    }

    /// <summary>A whole request of a sender that has given it up. It waits in the network.</summary>
    private static async Task<RawTcp> HoldFirst(FaultProxy proxy, string session, string run, string body)
    {
        proxy.OnConnection = connection =>
        {
            if (connection.Number == 0)
            {
                connection.ClientToServer.Hold();
            }
        };
        var first = await RawTcp.Connect(proxy.Address);
        var request = $"PUT {RelayApi.WritePath(session, query: $"?offset=0&run={run}")} HTTP/1.1\r\nHost: localhost\r\nContent-Length: {body.Length}\r\n\r\n{body}";
        await first.Send(request);
        await Eventually.True(() => proxy.Connections is [var held] && held.ClientToServer.Received == request.Length, "all of it is under way");
        return first;
    }

    private async Task ShouldBeVerified(string session, string run, byte[] bytes)
    {
        var totals = new { stdout = new { bytes = bytes.Length, crc32c = Crc32C.Append(0, bytes) } };
        using var completed = await Api.Send(HttpMethod.Post, $"{RelayApi.SessionPath(session)}/complete", JsonContent.Create(new { run, totals }));
        completed.StatusCode.Should().Be(HttpStatusCode.OK);
        (await Api.ReadAll(session)).ShouldBeExactly(bytes, "what is stored");
        (await Api.Status(session))!.Outputs["stdout"].Verdict.Should().Be("verified");
    }
}
