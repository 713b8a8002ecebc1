using System.Text;
using FluentAssertions;
using Microsoft.AspNetCore.SignalR;
using Microsoft.AspNetCore.SignalR.Client;
using Relay.Contracts;
using Relay.Tests.Cli;
using Relay.Tests.TestKit;
using Xunit;

namespace Relay.Tests.Lines;

/// <summary>The hub's method, as its clients call it.</summary>
public sealed class ReadLinesTests(SharedRelay shared) : IClassFixture<SharedRelay>
{
    private readonly string _session = RelayApi.NewId();

    [Fact]
    public async Task A_page_crosses_the_hub()
    {
        await Job.Leave(shared.Host, _session, "one\ntwo\nthree\nopen");
        await using var peer = await HubPeer.ConnectAsync(shared.Host);

        var page = await Ask(peer, new LinesRequest { Session = _session, First = 1, Count = 2 });
        page.Entries.Select(entry => Encoding.UTF8.GetString(entry.Head.Span)).Should().Equal("two", "three");
        page.Cursor.Should().BeNull();

        page = await Ask(peer, new LinesRequest { Session = _session, First = -1 });
        page.Entries.Select(entry => entry.Number).Should().Equal(2);
        Encoding.UTF8.GetString(page.Outputs[0].Open!.Head.Span).Should().Be("open");
        (await peer.ReadAsync(new ReadRequest { Session = _session, Start = ReadStart.Cursor, Cursor = page.Cursor, Follow = false })).Should().OnlyContain(entry => entry.Kind == LogEntryKind.End);
    }

    [Theory]
    [InlineData(0, 0, "count is 0; a page has 1–1000 lines")]
    [InlineData(0, 1001, "count is 1001")]
    [InlineData(long.MinValue, 1, "first is too small")]
    public async Task Bad_requests_are_told_what_would_be_right(long first, int count, string expected)
    {
        await Job.Leave(shared.Host, _session, "x");
        await using var peer = await HubPeer.ConnectAsync(shared.Host);

        (await Refused(peer, new LinesRequest { Session = _session, First = first, Count = count })).Should().Contain("invalid_request").And.Contain(expected);
        (await Refused(peer, new LinesRequest { Session = "unknown", Count = 1 })).Should().Contain("session_not_found");
        (await Refused(peer, new LinesRequest { Session = _session, Count = 1, Outputs = [(OutputType)3] })).Should().Contain("unknown_output");
        (await Refused(peer, new LinesRequest { Session = _session, Count = 1, Version = 9 })).Should().Contain("unsupported_version");
    }

    private static Task<LinePage> Ask(HubPeer peer, LinesRequest request) => peer.Connection.InvokeAsync<LinePage>(HubRoutes.ReadLines, request);

    private static async Task<string> Refused(HubPeer peer, LinesRequest request) =>
        (await peer.Awaiting(p => Ask(p, request)).Should().ThrowAsync<HubException>()).Which.Message;
}
