using System.Diagnostics;
using System.Globalization;
using System.Net.Http.Json;
using System.Net.Sockets;
using System.Text;
using System.Text.RegularExpressions;
using FluentAssertions;
using Microsoft.Extensions.Logging;
using Relay.Contracts;
using Relay.Tests.Faults;
using Relay.Tests.Streaming;
using Relay.Tests.TestKit;
using Xunit;
using Xunit.Abstractions;

namespace Relay.Tests.Abuse;

/// <summary>Whatever a request, an id or a frame says, it has no effect but a refusal.</summary>
public sealed partial class CorpusTests(ITestOutputHelper output) : IAsyncLifetime
{
    /// <summary>Names that shells, browsers, databases, file systems and terminals take for something else. All of them are good ids.</summary>
    private static readonly string[] OddIds =
    [
        "<img src=x onerror=alert(1)>", "\"><svg onload=alert(1)>", "javascript:alert(1)", "{{7*7}}", "${7*7}", "#{7*7}", "%24%7B7*7%7D", "'; DROP TABLE sessions; --", "\" OR 1=1 --", "$(reboot)", "`reboot`", "; rm -rf ~", "| cat",
        "&& id", "-rf", "--help", "~root", "%s%s%n", "%2e%2e", "CON", "NUL", "aux.txt", "COM1", "...", ". .", " leading", "trailing ", "a:b", "a*b?", "manifest.json", "quarantine", "trash", "__proto__", "constructor", "null", "undefined", "NaN", "true", "0", "-1", "1e309",
        "\u202egnp.exe", "\u200b", "\ufeff", "\u0130", "K\u0327", "e\u0301", "\U0001f468\u200d\U0001f469\u200d\U0001f467", "\u2028", "\ufffd", "\uff0e\uff0e\uff0f", "..\u2215etc", "a=1&b=2", "+", "%00", "%", "[0m", "]0;owned",
    ];

    /// <summary>A status of HTTP/1.1 that is no failure of the relay; nothing; or, to who speaks HTTP/2, a GOAWAY frame (RFC 9113, 6.8).</summary>
    private const string Refusal = @"\A(HTTP/1\.1 ([1-4]\d\d|501|505) |\z|\x00\x00\x08\x07)";

    private const string Found = "refused, or taken for what they are; no error in the log, a neighbour untouched";

    private IReadOnlyCollection<string> _errors = [];
    private RelayHost _relay = null!;
    private Neighbour _neighbour = null!;

    private RelayApi Api => _relay.Api;

    public async Task InitializeAsync()
    {
        var log = new ErrorLog();
        _errors = log.Errors;
        _relay = await RelayHost.StartAsync(options => options.Customize = builder => builder.Logging.AddProvider(log));
        _neighbour = await Neighbour.MoveIn(Api);
        await Api.CreateSession("a");
        await Api.Append("a", "kept\n"u8.ToArray());
    }

    public async Task DisposeAsync()
    {
        await _neighbour.DisposeAsync();
        await _relay.DisposeAsync();
    }

    [Fact]
    public async Task Requests_that_no_client_makes_are_refused_and_change_nothing()
    {
        var started = Stopwatch.GetTimestamp();
        var before = await SessionsAsync();
        foreach (var request in RequestCorpus.All)
        {
            var answer = await AskAsync(request);
            var what = $"{request[..Math.Min(request.Length, 100)]} is answered with {answer[..Math.Min(answer.Length, 300)]}";
            answer.Should().MatchRegex(Refusal, what);
            answer.ToLowerInvariant().Should().NotContain("set-cookie").And.NotContain("\nx-evil", what).And.NotContain("root:", what).And.NotContain("serilog\":", what);
        }

        (await SessionsAsync()).Should().BeEquivalentTo(before);
        (await Api.ReadAll("a")).ShouldBeExactly("kept\n"u8.ToArray(), "the log");
        await ShouldBeUntouchedAsync();
        Report("paths, headers and bodies of a corpus", $"{RequestCorpus.All.Count} requests", started);
    }

    [Fact]
    public async Task Odd_ids_are_names_and_nothing_else()
    {
        var started = Stopwatch.GetTimestamp();
        foreach (var id in OddIds)
        {
            await Api.CreateSession(id);
            await Api.Append(id, Encoding.UTF8.GetBytes(id));
            (await Api.ReadAll(id)).ShouldBeExactly(Encoding.UTF8.GetBytes(id), "the log of an odd id");
        }

        (await SessionsAsync()).Should().Contain(OddIds);
        Directory.EnumerateDirectories(Path.Combine(_relay.DataFolder, "sessions")).Select(Path.GetFileName).Should().OnlyContain(name => HashName().IsMatch(name!), "an id is never a name on the disk");
        await _relay.RestartAsync();
        (await SessionsAsync()).Should().Contain(OddIds);
        _errors.Should().BeEmpty();
        Report("ids that mean something to others", $"{OddIds.Length} ids", started);
    }

    [Fact]
    public async Task Hub_frames_of_garbage_end_their_connections_and_nothing_else()
    {
        var started = Stopwatch.GetTimestamp();
        var frames = FaultRun.Size(500, 10_000);
        var random = new Random(20261122);
        var connections = 0;
        for (var sent = 0; sent < frames; connections++)
        {
            await using var hub = await Api.Connect(HubRoutes.Logs);
            await hub.Send($"{{\"protocol\":\"{(connections % 2 == 0 ? "messagepack" : "json")}\",\"version\":1}}\u001e");
            for (var i = 0; i < 2 && sent < frames; i++, sent++)
            {
                if (await Xunit.Record.ExceptionAsync(() => hub.Send(Garbage(random))) is not null)
                {
                    break; // It was hung up on, as it should be.
                }
            }
        }

        await ShouldBeUntouchedAsync();
        Report("hub frames of garbage", string.Create(CultureInfo.InvariantCulture, $"{frames} frames on {connections} connections"), started);
    }

    /// <summary>Noise, or what begins as a message does and goes on as none.</summary>
    private static byte[] Garbage(Random random)
    {
        var noise = new byte[random.Next(1, 600)];
        random.NextBytes(noise);
        return random.Next(4) switch
        {
            0 => noise,
            1 => [(byte)Math.Min(127, noise.Length), .. noise],
            2 => [.. Encoding.UTF8.GetBytes($"{{\"type\":{random.Next(-2, 12)},\"target\":\"Read\",\"arguments\":[{random.Next()}],\"invocationId\":\"{random.Next()}\"}}"), 0x1e],
            _ => [0x0b, 0x96, (byte)random.Next(0, 9), 0x80, 0xa1, 0x31, 0xa4, .. "Read"u8, 0x91, .. noise],
        };
    }

    private async Task<string> AskAsync(string request)
    {
        using var peer = await RawTcp.Connect(_relay.BaseAddress);
        try
        {
            await peer.Send(Encoding.Latin1.GetBytes(request));
            peer.Socket.Shutdown(SocketShutdown.Send);
            return await peer.ReadHead();
        }
        catch (IOException)
        {
            return ""; // Hung up on: an answer too.
        }
    }

    private async Task<IReadOnlyList<string>> SessionsAsync() =>
        [.. (await Api.Http.GetFromJsonAsync<SessionList>("/logging_session"))!.Sessions.Select(session => session.SessionId)];

    private async Task ShouldBeUntouchedAsync()
    {
        await _neighbour.ShouldBeUntouched();
        _errors.Should().BeEmpty("nothing of it is a fault of the relay");
    }

    private void Report(string attack, string size, long started) => FaultRun.ReportAttack(output, attack, size, Found, started);

    [GeneratedRegex("^[0-9a-f]{64}$", RegexOptions.None, matchTimeoutMilliseconds: 10_000)]
    private static partial Regex HashName();
}
