using System.Text;
using FluentAssertions;
using Microsoft.Playwright;
using Relay.Tests.Cli;
using Relay.Tests.Security;
using Relay.Tests.TestKit;
using Xunit;

namespace Relay.Tests.Browser;

[Collection(BrowserTests.Name)]
public sealed class LogPageTests(Chromium chromium, SharedRelay shared) : IClassFixture<SharedRelay>
{
    private readonly string _session = RelayApi.NewId();

    private RelayHost Relay => shared.Host;

    [Fact]
    public async Task It_follows_both_outputs_pauses_when_somebody_scrolls_up_and_counts_what_comes_meanwhile()
    {
        await Create();
        await using var page = await Open();
        await page.ShouldSayAsync("Nothing was written yet");
        await Append(Lines(0, 200));
        await page.ShouldShowAsync("line 199");
        await Append("oops\n", "stderr");
        await page.ShouldShowAsync("oops");
        (await page.Page.Locator(".line.is-stderr .text").InnerTextAsync()).Should().Be("oops");

        await page.Page.Locator(".log").HoverAsync();
        await page.Page.Mouse.WheelAsync(0, -1500);
        await page.ShouldSayAsync("Go to the end");
        await page.ShouldShowAsync("line 120");
        await Append(Lines(200, 50));
        await page.ShouldSayAsync("50 new lines");
        (await page.LinesAsync()).Values.Should().Contain("line 120", "what is read stays where it is").And.NotContain("line 249");

        await page.Page.GetByRole(AriaRole.Button, new() { Name = "50 new lines" }).ClickAsync();
        await page.ShouldShowAsync("line 249");
        await Append(Lines(250, 10));
        await page.ShouldShowAsync("line 259");
        (await page.AllLinesAsync(261)).Values.Should().Equal([.. Texts(0, 200), "oops", .. Texts(200, 60)]);
    }

    [Fact]
    public async Task A_bar_that_is_redrawn_500_times_is_one_line_with_its_last_state()
    {
        await Create();
        await using var page = await Open();
        await Append("before\n");
        for (var i = 1; i <= 500; i++)
        {
            await Append($"\r{i / 5} % {new string('#', i / 25)}", "stderr");
        }

        await page.ShouldShowAsync("100 % ####################");
        await Append("\nafter\n", "stderr");
        await page.ShouldShowAsync("after");

        (await page.LinesAsync()).Values.Should().Equal("before", "100 % ####################", "after");
        await page.Page.ReloadAsync();
        await page.ShouldShowAsync("after");
        (await page.LinesAsync()).Values.Should().Equal("before", "100 % ####################", "after");
    }

    [Fact]
    public async Task A_bar_that_a_page_takes_over_right_behind_its_return_goes_on_being_one()
    {
        await Create();
        await Append("10%\r");
        await using var page = await Open();
        await page.ShouldShowAsync("10%");

        await Append("20%");

        await page.ShouldShowAsync("20%");
    }

    [Fact]
    public async Task A_permalink_lands_on_its_lines_however_far_they_are()
    {
        await Create();
        await Append(Lines(0, 30_000));
        await using var page = await Open("#L12345-L12347");

        await page.ShouldShowAsync("line 12344");

        (await page.Page.Locator(".line.is-selected .text").AllInnerTextsAsync()).Should().Equal("line 12344", "line 12345", "line 12346");
        await page.Page.Locator("[data-link='12348']").ClickAsync();
        page.Page.Url.Should().EndWith("#L12349");
        await page.Page.Locator("[data-link='12350']").ClickAsync(new() { Modifiers = [KeyboardModifier.Shift] });
        page.Page.Url.Should().EndWith("#L12349-L12351");
    }

    [Fact]
    public async Task One_output_can_be_looked_at_alone_and_lines_keep_their_numbers()
    {
        await Create();
        await Append("out 1\nout 2\n");
        await Append("err 1\n", "stderr");
        await Append("out 3\n");
        await using var page = await Open();
        await page.ShouldShowAsync("out 3");

        await page.Page.GetByRole(AriaRole.Button, new() { Name = "stderr" }).First.ClickAsync();
        await Eventually.True(async () => (await page.LinesAsync()).Values.SequenceEqual(["err 1"]), "only stderr is shown");
        (await page.LinesAsync()).Keys.Should().Equal(3);
        await Append("err 2\n", "stderr");
        await page.ShouldShowAsync("err 2");
        await page.Page.Keyboard.PressAsync("1");
        await page.ShouldShowAsync("out 1");

        for (var i = 0; i < 5; i++)
        {
            await Append(Lines(i * 200, 200));
            await Append("err\n", "stderr");
        }

        await page.ShouldShowAsync("line 999");
        await page.Page.Locator(".log").PressAsync("Home");
        await page.ShouldShowAsync("out 1");
        await page.Page.Locator(".log").PressAsync("PageDown");
        await page.ShouldShowAsync("line 40");
        await page.Page.Keyboard.PressAsync("2");
        await page.ShouldShowAsync("line 40");
        (await page.LinesAsync()).Values.Should().NotContain("line 999", "who reads stays where he reads");
    }

    [Fact]
    public async Task A_line_that_was_never_loaded_is_found_counted_and_marked()
    {
        await Create();
        await Append(Lines(0, 20_000) + "\e[31mnee\e[1mdle\e[0m one\n" + Lines(20_001, 20_000) + "24/01/31 12:00:00 ERROR Executor: lost\nNEEDLE two\n" + Lines(40_003, 20_000));
        await using var page = await Open();
        await page.ShouldShowAsync("line 60002");

        await page.Page.Keyboard.PressAsync("/");
        await page.Page.Keyboard.TypeAsync("needle");
        await page.ShouldSayAsync("2 found");
        await page.Page.Keyboard.PressAsync("Enter");
        await page.ShouldShowAsync("needle one");
        await page.ShouldSayAsync("1 of 2");
        (await page.LinesAsync())[20_001].Should().Be("needle one");
        await Eventually.True(async () => string.Concat(await page.Page.Locator("mark").AllInnerTextsAsync()) == "needle", "the word is marked, whatever its colours");
        await page.Page.Keyboard.PressAsync("Enter");
        await page.ShouldShowAsync("NEEDLE two");
        await Append("a new needle\n");
        await page.ShouldSayAsync("2 of 3");

        await page.Page.GetByTitle("Regular expression").ClickAsync();
        await page.Page.Locator(".find input").FillAsync("(");
        await page.ShouldSayAsync("The pattern is no regular expression");
        await page.Page.Keyboard.PressAsync("Escape");
        await Append("24/01/31 12:00:01 ERROR Executor: gone\n");
        await page.Page.Keyboard.PressAsync("e");
        await page.ShouldSayAsync("1 of 2");
        await page.ShouldShowAsync("24/01/31 12:00:00 ERROR Executor: lost");
        await page.Page.Keyboard.PressAsync("e");
        await page.ShouldSayAsync("2 of 2");
        await page.ShouldShowAsync("24/01/31 12:00:01 ERROR Executor: gone");
    }

    [Fact]
    public async Task The_end_is_told_with_what_proves_that_all_is_there()
    {
        await Job.Complete(Relay, _session, "123456789", exitCode: 3);
        await using var page = await Open();

        await page.ShouldSayAsync("The job ended with exit code 3. Complete: stdout 9 B, CRC-32C e3069283");
        await page.ShouldShowAsync("123456789");
    }

    [Fact]
    public async Task A_line_of_a_megabyte_is_cut_and_shown_in_whole_when_somebody_asks()
    {
        await Create();
        await Append($"{new string('x', 1_000_000)}END\n{new string('x', 4095)}{new string('€', 10)}\nafter\n");
        await using var page = await Open();
        await page.ShouldShowAsync("after");
        (await page.LinesAsync())[1].Length.Should().BeLessThan(20_000);
        (await page.LinesAsync())[2].Should().Be(new string('x', 4095), "no part of a character is left when a line is cut");

        await page.Page.GetByText("more: show all").First.ClickAsync();

        await Eventually.True(async () => (await page.LinesAsync())[1] == $"{new string('x', 1_000_000)}END", "all of the line is there");
    }

    [Fact]
    public async Task A_token_of_another_session_is_refused_with_the_relays_own_words()
    {
        await using var relay = await RelayHost.StartAsync(options =>
        {
            options.Settings["Security:AdminKeys"] = LockedRelay.AdminKey;
            options.Settings["anonymous-networks"] = "none";
        });
        relay.Http.DefaultRequestHeaders.Authorization = new("Bearer", LockedRelay.AdminKey);
        var (mine, other) = (await Tokens(relay, "mine"), await Tokens(relay, "other"));
        await relay.Api.Append("mine", "secret\n"u8.ToArray());
        await using var page = await chromium.OpenAsync();
        page.Expected = ["the server responded with a status of 401"];
        await page.GoToLogAsync(relay.BaseAddress, "mine");
        await page.ShouldSayAsync("Refused");

        await Enter(other);
        await page.ShouldSayAsync("This takes the session's read token, or an admin key; the token sent is neither.");
        (await page.LinesAsync()).Should().BeEmpty();

        await Enter(mine);
        await page.ShouldShowAsync("secret");

        async Task Enter(string token)
        {
            await page.Page.GetByRole(AriaRole.Button, new() { Name = "Enter a token" }).ClickAsync();
            await page.Page.GetByLabel("Token", new() { Exact = true }).FillAsync(token);
            await page.Page.GetByRole(AriaRole.Button, new() { Name = "Go on" }).ClickAsync();
        }
    }

    [Fact]
    public async Task A_relay_that_is_killed_under_an_open_page_costs_no_line()
    {
        await using var relay = await RelayServerProcess.StartAsync();
        await relay.Api.CreateSession(_session);
        await using var page = await chromium.OpenAsync();
        page.Expected = ["net::ERR_"];
        await page.GoToLogAsync(relay.BaseAddress, _session);
        var job = new WritingJob(relay.BaseAddress, _session);
        for (var round = 0; round < 3; round++)
        {
            await job.Write(200);
            await page.ShouldShowAsync(job.Lines[^1]);
            await job.Write(50);
            await relay.KillHard();
            await page.ShouldSayAsync("Reconnecting");
            await job.Write(100);
            await relay.Start();
        }

        await job.Complete();
        await page.ShouldSayAsync("Complete: stdout");

        (await page.AllLinesAsync(job.Lines.Count)).Values.Should().Equal(job.Lines);
        await job.DisposeAsync();
    }

    private static string Lines(int from, int count) => string.Concat(Texts(from, count).Select(line => line + "\n"));

    private static IEnumerable<string> Texts(int from, int count) => Enumerable.Range(from, count).Select(i => $"line {i}");

    private static async Task<string> Tokens(RelayHost relay, string session)
    {
        using var answer = await relay.Api.Send(HttpMethod.Post, RelayApi.SessionPath(session));
        using var document = System.Text.Json.JsonDocument.Parse(await answer.Content.ReadAsStringAsync());
        return document.RootElement.GetProperty("read_token").GetString()!;
    }

    private Task<string> Create() => Relay.Api.CreateSession(_session);

    private Task Append(string text, string output = "stdout") => Relay.Api.Append(_session, Encoding.UTF8.GetBytes(text), output);

    private async Task<BrowserPage> Open(string hash = "")
    {
        var page = await chromium.OpenAsync();
        await page.GoToLogAsync(Relay.BaseAddress, _session, hash);
        return page;
    }
}
