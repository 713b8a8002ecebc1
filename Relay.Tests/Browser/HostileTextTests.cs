using System.Buffers;
using System.Text;
using FluentAssertions;
using Relay.Cli.Tail.Lines;
using Relay.Cli.Tail.Screen;
using Relay.Tests.Cli;
using Relay.Tests.TestKit;
using Xunit;

namespace Relay.Tests.Browser;

/// <summary>What a job prints is text, and nothing else, whatever it is.</summary>
[Collection(BrowserTests.Name)]
public sealed class HostileTextTests(Chromium chromium, SharedRelay shared) : IClassFixture<SharedRelay>
{
    private static readonly string[] Scripts =
    [
        "<script>window.owned=1</script>", "<img src=x onerror=window.owned=1>", "<svg onload=window.owned=1>", "<iframe src=javascript:window.owned=1>", "\"><script>window.owned=1</script>",
        "'-window.owned=1-'", "</span><script>window.owned=1</script>", "<a href=javascript:window.owned=1>x</a>", "javascript:window.owned=1", "<body onload=window.owned=1>",
        "<math><mi xlink:href=javascript:window.owned=1>", "<style>@import'//evil.example'</style>", "<link rel=stylesheet href=//evil.example>", "<meta http-equiv=refresh content='0;url=//evil.example'>",
        "<base href=//evil.example>", "<form action=//evil.example><input type=submit>", "<object data=//evil.example>", "<embed src=//evil.example>", "{{constructor.constructor('window.owned=1')()}}", "${window.owned=1}",
        "<!--<img src=\"--><img src=x onerror=window.owned=1//\">", "<template><script>window.owned=1</script></template>", "&lt;script&gt;window.owned=1&lt;/script&gt;", "<details open ontoggle=window.owned=1>", "<input autofocus onfocus=window.owned=1>",
        "<video><source onerror=window.owned=1>", "<marquee onstart=window.owned=1>", "\\u003cscript\\u003ewindow.owned=1\\u003c/script\\u003e", "__proto__", "constructor", "<noscript><p title=\"</noscript><img src=x onerror=window.owned=1>\">",
    ];

    [Fact]
    public async Task Markup_scripts_and_escapes_are_shown_and_do_nothing()
    {
        var lines = Scripts.Select(Encoding.UTF8.GetBytes).Concat(EscapeCorpus.All.Select(escape => escape.Bytes)).Where(line => !line.Contains((byte)'\n')).ToList();
        lines.Count.Should().BeGreaterThanOrEqualTo(100);
        var session = await shared.Api.CreateSession();
        await shared.Api.Append(session, [.. lines.SelectMany(line => line.Append((byte)'\n'))]);
        await using var page = await chromium.OpenAsync();

        await page.GoToLogAsync(shared.Host.BaseAddress, session);
        await page.ShouldSayAsync($"{lines.Count} lines");

        (await page.AllLinesAsync(lines.Count)).Values.Should().Equal(lines.Select(OnATerminal), "a page shows what a terminal is shown");
        (await page.Page.EvaluateAsync<bool>("() => 'owned' in window")).Should().BeFalse();
        page.Page.Url.Should().StartWith(shared.Host.BaseAddress.AbsoluteUri);
        (await page.Page.TitleAsync()).Should().Be($"{session} · SparkLogRelay");
    }

    /// <summary>Of long lines a page shows the beginning.</summary>
    private static string OnATerminal(byte[] line)
    {
        var safe = new ArrayBufferWriter<byte>();
        var state = CarriageReturn.LastState(line);
        TerminalText.Append(state[..Math.Min(state.Length, 4096)], safe, keepColours: false);
        return Encoding.UTF8.GetString(safe.WrittenSpan);
    }
}
