using System.Text;
using System.Text.RegularExpressions;
using FluentAssertions;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Playwright;
using Relay.Client;
using Relay.Contracts;
using Relay.Server.Sessions;
using Relay.Tests.Cli;
using Relay.Tests.Storage;
using Relay.Tests.TestKit;
using Relay.Tests.Writer;
using Xunit;

namespace Relay.Tests.Browser;

/// <summary>What is missing, how a log ended, and why nothing is there, are said where somebody looks; and what is saved is what is stored.</summary>
[Collection(BrowserTests.Name)]
public sealed partial class LogTruthTests(Chromium chromium, SharedRelay shared) : IClassFixture<SharedRelay>
{
    private readonly string _session = RelayApi.NewId();

    private RelayHost Relay => shared.Host;

    [Fact]
    public async Task Bytes_that_the_writer_lost_stand_in_their_place_while_they_are_missed_and_for_who_comes_later()
    {
        await Relay.Api.CreateSession(_session);
        await using var page = await Open();
        var log = (await Relay.Services.GetRequiredService<SessionRegistry>().GetAsync(_session, CancellationToken.None)).Log;
        var lease = await log.Lease();
        await log.Write(lease, "one\ntwo\nthr");
        await page.ShouldShowAsync("thr");
        await log.AppendGapAsync(lease, OutputType.Stdout, 11, 500, CancellationToken.None);
        await log.Write(lease, "ee\nfour\n");

        const string Missing = "500 B of stdout are missing here (bytes 11–510): they were lost by the writer before they reached the relay.";
        for (var look = 0; look < 2; look++)
        {
            await page.ShouldShowAsync("four");
            await page.ShouldSayAsync(Missing);
            var told = (await page.Page.Locator(".log .rows").InnerTextAsync()).Split('\n').Where(line => line.Length > 2);
            told.Should().Equal("one", "two", "thr", Missing, "four");
            await page.Page.ReloadAsync();
        }
    }

    [Fact]
    public async Task What_retention_took_is_said_at_the_begin_of_what_is_left()
    {
        await using var relay = await RelayHost.StartAsync(options =>
        {
            options.Settings["Storage:SegmentBytes"] = "65536";
            options.Settings["Storage:MaxSessionBytes"] = "150000";
        });
        await relay.Api.CreateSession(_session);
        await using var page = await chromium.OpenAsync();
        await page.GoToLogAsync(relay.BaseAddress, _session);
        for (var i = 0; i < 90; i++) // More than a page keeps itself.
        {
            await relay.Api.Append(_session, Encoding.ASCII.GetBytes(string.Concat(Enumerable.Range(i * 100, 100).Select(line => $"line {line} {new string('.', 90)}\n"))));
        }

        for (var look = 0; look < 2; look++)
        {
            await page.ShouldShowAsync($"line 8999 {new string('.', 90)}");
            await page.Page.Locator(".log").PressAsync("Home");
            await page.ShouldSayAsync("they were removed to make room (retention)");
            await page.ShouldAsync(async () => (await page.LinesAsync()).Count > 20, "what is left is there");
            var left = (await page.LinesAsync()).Skip(1); // Of the first one there may be only the end.
            left.Should().OnlyContain(line => line.Value.StartsWith($"line {line.Key - 1} ", StringComparison.Ordinal), "lines keep their numbers");
            await page.Page.ReloadAsync();
        }
    }

    [Fact]
    public async Task A_writer_that_vanishes_and_one_that_comes_back_are_told()
    {
        await Relay.Api.CreateSession(_session);
        await using var page = await Open();
        await using (var writer = await Relay.Api.Writer(_session))
        {
            await writer.Send("hello\n");
            await page.ShouldShowAsync("hello");
        }

        await page.ShouldSayAsync("The writer vanished without a word. It may come back and go on where it was.");
        await Job.Complete(Relay, _session, "again\n");
        await page.ShouldSayAsync("The job ended with exit code 0.");
        await page.ShouldShowAsync("again");
    }

    [Fact]
    public async Task A_log_of_which_bytes_were_lost_is_not_called_complete()
    {
        using var away = new WriterTool(new Uri($"http://127.0.0.1:{Ports.Reserve()}"));
        using var tool = new WriterTool(Relay.BaseAddress);
        (await away.Run(_session, "seq 1 400000; echo end", "--spool-limit", "1MiB", "--flush-timeout", "0s")).Should().Be(0);
        await tool.Recover(away.Spools, "--url", Relay.BaseAddress.AbsoluteUri);
        await using var page = await Open();

        await page.ShouldSayAsync("The job ended with exit code 0. stdout is incomplete: bytes were lost before they reached the relay.");
        await page.ShouldShowAsync("end");
    }

    [Fact]
    public async Task A_session_that_is_deleted_leaves_what_was_read_and_says_so()
    {
        await Relay.Api.CreateSession(_session);
        await Relay.Api.Append(_session, "kept\n"u8.ToArray());
        await using var page = await Open();
        page.Expected = ["the server responded with a status of 410"];
        await page.ShouldShowAsync("kept");

        await Relay.Api.Send(HttpMethod.Delete, RelayApi.SessionPath(_session));

        await page.ShouldSayAsync("The session was deleted. What is shown is what this page had read.");
        await page.ShouldSayAsync("Ended");
        (await page.LinesAsync()).Values.Should().Equal("kept");

        await Relay.Api.CreateSession(_session);
        await Relay.Api.Append(_session, "another\n"u8.ToArray());
        await page.ShouldSayAsync("There is a new session of the same id.");
        await page.Page.Locator(".log").PressAsync("Home");
        (await page.LinesAsync()).Values.Should().Equal("kept");
        await page.Page.GetByRole(AriaRole.Button, new() { Name = "Show the new one" }).ClickAsync();
        await page.ShouldShowAsync("another");
    }

    [Fact]
    public async Task A_session_whose_time_is_over_leaves_what_was_read_and_says_so()
    {
        await using var relay = await RelayHost.StartAsync(options =>
        {
            options.Ttl = TimeSpan.FromSeconds(5);
            options.Settings["Sessions:SweepInterval"] = "00:00:01";
        });
        await relay.Api.CreateSession(_session);
        await relay.Api.Append(_session, "kept\n"u8.ToArray());
        await using var page = await chromium.OpenAsync();
        page.Expected = ["the server responded with a status of 410"];
        await page.GoToLogAsync(relay.BaseAddress, _session);
        await page.ShouldShowAsync("kept");

        await page.ShouldSayAsync("The session’s time to live is over. What is shown is what this page had read.");
        (await page.LinesAsync()).Values.Should().Equal("kept");
    }

    [Fact]
    public async Task A_log_that_has_ended_is_read_further_after_the_relay_was_started_again()
    {
        await using var relay = await RelayServerProcess.StartAsync();
        await relay.Api.CreateSession(_session);
        var job = new WritingJob(relay.BaseAddress, _session);
        await job.Write(20_000);
        await job.Complete();
        await using var page = await chromium.OpenAsync();
        page.Expected = ["net::ERR_"];
        await page.GoToLogAsync(relay.BaseAddress, _session);
        await page.ShouldSayAsync("Ended");
        await page.ShouldShowAsync(job.Lines[^1]);

        await relay.KillHard();
        await relay.Start();
        await page.Page.Locator(".log").PressAsync("Home");

        await page.ShouldShowAsync(job.Lines[0]);
        await job.DisposeAsync();
    }

    [Fact]
    public async Task A_session_that_does_not_exist_yet_is_waited_for()
    {
        await using var page = await Open();
        await page.ShouldSayAsync("There is no such session yet. Its log begins here as soon as there is one.");
        await page.ShouldSayAsync("Waiting");

        await Relay.Api.CreateSession(_session);
        await Relay.Api.Append(_session, "here\n"u8.ToArray());

        await page.ShouldShowAsync("here");
        await page.ShouldSayAsync("Live");
    }

    [Fact]
    public async Task What_is_saved_is_what_is_stored_one_output_or_both_as_it_is_or_with_times()
    {
        await Relay.Api.CreateSession(_session);
        await Relay.Api.Append(_session, [.. "out \e[31m1\e[0m\r\n"u8, 0xFF, (byte)'\n']);
        await Relay.Api.Append(_session, "err 1\n"u8.ToArray(), "stderr");
        await Relay.Api.Append(_session, "out 2"u8.ToArray());
        await using var page = await Open();
        await page.ShouldShowAsync("out 2");

        (await Saved("stdout")).Should().Be(($"{_session}.stdout.log", "out \e[31m1\e[0m\r\n\u00ff\nout 2"));
        (await Saved("stderr")).Should().Be(($"{_session}.stderr.log", "err 1\n"));
        (await Saved("stdout and stderr")).Should().Be(($"{_session}.log", "out \e[31m1\e[0m\r\n\u00ff\nerr 1\nout 2"));
        var (name, text) = await Saved("stdout and stderr with times");
        name.Should().Be($"{_session}.times.log");
        Time().Replace(text, "T").Should().Be("T stdout F out \e[31m1\e[0m\r\nT stdout F \u00ff\nT stderr F err 1\nT stdout P out 2\n");

        async Task<(string Name, string Text)> Saved(string what)
        {
            await page.Page.GetByText("Save", new() { Exact = true }).ClickAsync();
            var download = await page.Page.RunAndWaitForDownloadAsync(() => page.Page.Locator(".menu-panel").GetByRole(AriaRole.Button, new() { Name = what, Exact = true }).ClickAsync());
            var bytes = await File.ReadAllBytesAsync(await download.PathAsync());
            await page.Page.Keyboard.PressAsync("Escape");
            return (download.SuggestedFilename, Encoding.Latin1.GetString(bytes));
        }
    }

    [GeneratedRegex(@"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z", RegexOptions.None, matchTimeoutMilliseconds: 10_000)]
    private static partial Regex Time();

    private async Task<BrowserPage> Open()
    {
        var page = await chromium.OpenAsync();
        await page.GoToLogAsync(Relay.BaseAddress, _session);
        return page;
    }
}
