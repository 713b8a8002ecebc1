using System.Collections.Concurrent;
using FluentAssertions;
using Microsoft.Playwright;
using Relay.Tests.TestKit;

namespace Relay.Tests.Browser;

/// <summary>A page of the dashboard. When it is disposed it must have said nothing on its console, and asked nobody but its relay.</summary>
internal sealed class BrowserPage : IAsyncDisposable
{
    private readonly IBrowserContext _context;
    private readonly ConcurrentQueue<string> _complaints = new();
    private readonly ConcurrentQueue<Uri> _requests = new();
    private Uri? _relay;

    public BrowserPage(IBrowserContext context, IPage page)
    {
        (_context, Page) = (context, page);
        page.Console += (_, message) =>
        {
            if (message.Type is "error" or "warning")
            {
                _complaints.Enqueue($"{message.Type}: {message.Text} ({message.Location})");
            }
        };
        page.PageError += (_, error) => _complaints.Enqueue($"not caught: {error}");
        page.Dialog += (_, dialog) => _complaints.Enqueue($"a dialog: {dialog.Message}");
        page.Popup += (_, popup) => _complaints.Enqueue($"another page: {popup.Url}");
        page.Request += (_, request) => _requests.Enqueue(new Uri(request.Url));
        page.WebSocket += (_, socket) => _requests.Enqueue(new Uri(socket.Url));
    }

    public IPage Page { get; }

    /// <summary>What the browser itself says on the console of requests that fail, where a test makes them fail: a relay that is killed, a token that is refused.</summary>
    public IReadOnlyList<string> Expected { get; set; } = [];

    /// <summary>All that it asked for so far, its WebSockets among it.</summary>
    public IEnumerable<Uri> Requests => _requests;

    public ILocator Rows => Page.Locator(".log .line");

    public async Task GoToAsync(Uri relay, string path)
    {
        _relay = relay;
        await Page.GotoAsync(new Uri(relay, path).AbsoluteUri);
    }

    public Task GoToLogAsync(Uri relay, string session, string hash = "") => GoToAsync(relay, $"s/{Uri.EscapeDataString(session)}{hash}");

    /// <summary>The lines in view, by number from 1, as a person reads them.</summary>
    public async Task<SortedDictionary<long, string>> LinesAsync()
    {
        var rows = await Page.EvaluateAsync<string[][]>(
            "() => [...document.querySelectorAll('.log .line[data-number]')].map((row) => [row.dataset.number, row.querySelector('.text').textContent])");
        return new SortedDictionary<long, string>(rows.ToDictionary(row => long.Parse(row[0]) + 1, row => row[1]));
    }

    /// <summary>All lines, by going through the log from its begin to its end as a person would.</summary>
    public async Task<SortedDictionary<long, string>> AllLinesAsync(long count)
    {
        var all = new SortedDictionary<long, string>();
        await Page.Locator(".log").PressAsync("Home");
        await Eventually.True(
            async () =>
            {
                if (await Page.Locator(".log .is-coming").CountAsync() > 0)
                {
                    return false; // On their way: a person who goes on does not see them.
                }

                var lines = await LinesAsync();
                foreach (var (number, text) in lines)
                {
                    all[number] = text;
                }

                if (Next() > count)
                {
                    return true;
                }

                await Page.Locator(".log").PressAsync(Next() < lines.Keys.FirstOrDefault() ? "PageUp" : "PageDown");
                return false;
            },
            $"all {count} lines can be reached",
            TimeSpan.FromSeconds(60),
            () => $"The first that was not seen is {Next()}.");
        return all;

        long Next()
        {
            var next = 1L;
            while (all.ContainsKey(next))
            {
                next++;
            }

            return next;
        }
    }

    public Task ShouldShowAsync(string text) =>
        ShouldAsync(async () => (await LinesAsync()).Values.Contains(text, StringComparer.Ordinal), $"the page shows the line “{text}”");

    public Task ShouldSayAsync(string text) =>
        ShouldAsync(async () => (await Page.Locator("body").InnerTextAsync()).Contains(text, StringComparison.Ordinal), $"the page says “{text}”");

    /// <summary>Waits for it; the failure tells what is on the page instead.</summary>
    public async Task ShouldAsync(Func<Task<bool>> condition, string because)
    {
        try
        {
            await Eventually.True(condition, because);
        }
        catch (TimeoutException failure)
        {
            var says = (await Page.Locator("body").InnerTextAsync()).Split('\n').Select(line => line.Length > 200 ? $"{line[..200]}…" : line);
            throw new TimeoutException($"{failure.Message}\nThe page says:\n{string.Join('\n', says)}\n{string.Join('\n', _complaints)}", failure);
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _context.CloseAsync();
        _complaints.Where(complaint => !Expected.Any(complaint.Contains)).Should().BeEmpty("a page has nothing to complain of");
        _requests.Should().OnlyContain(request => _relay == null || _relay.IsBaseOf(OfHttp(request)), "a page asks nobody but its relay");
    }

    private static Uri OfHttp(Uri request) => request.Scheme is "ws" or "wss" ? new UriBuilder(request) { Scheme = request.Scheme.Replace("ws", "http", StringComparison.Ordinal) }.Uri : request;
}
