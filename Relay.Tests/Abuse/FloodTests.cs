using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Http.Json;
using FluentAssertions;
using Relay.Contracts;
using Relay.Tests.Faults;
using Relay.Tests.Security;
using Relay.Tests.TestKit;
using Xunit;
using Xunit.Abstractions;

namespace Relay.Tests.Abuse;

/// <summary>Requests without a pause: sessions that nobody needs, tokens that are guessed.</summary>
[Collection(Alone.Name)]
public sealed class FloodTests(ITestOutputHelper output)
{
    private const int PerSecond = 100;
    private const int Burst = 1000;
    private const int Guesses = 30;
    private const int Clients = 16;
    private const long Allowed = 32L << 20;

    // As shipped; the tests' own default is without rates.
    private static readonly string[] Settings =
    [
        "--Serilog:MinimumLevel:Default", "Warning",
        "--Limits:CreatesPerSecond", $"{PerSecond}", "--Limits:CreateBurst", $"{Burst}", "--Limits:FailedAuthPerMinute", $"{Guesses}",
    ];

    [Fact]
    public async Task A_flood_of_creations_makes_as_many_sessions_as_the_rate_allows_and_costs_little()
    {
        var requests = FaultRun.Size(4000, 100_000);
        var started = Stopwatch.GetTimestamp();
        await using var relay = await MeasuredRelay.StartAsync(Settings);
        await using var neighbour = await RoundTrips.StartAsync(relay.Api);
        var (memory, handles) = (await relay.HeapAsync(), relay.Handles());

        var flooding = FloodAsync(requests, i => relay.Api.Http.PostAsync($"/logging_session/flood-{i}", null));
        var attacked = await neighbour.MeasureAsync(200);
        var answers = await Eventually.Done(flooding, "every request is answered", TimeSpan.FromMinutes(10), relay.Describe);
        var seconds = Stopwatch.GetElapsedTime(started).TotalSeconds;

        answers.Keys.Should().BeEquivalentTo([HttpStatusCode.OK, HttpStatusCode.TooManyRequests]);
        var created = answers[HttpStatusCode.OK];
        created.Should().BeInRange(Burst - 1, Burst + (int)(PerSecond * (seconds + 1)), "the burst, and the rate since");
        var sessions = (await relay.Api.Http.GetFromJsonAsync<SessionList>("/logging_session"))!.Sessions;
        sessions.Count(session => session.SessionId.StartsWith("flood-", StringComparison.Ordinal)).Should().Be(created);
        await Eventually.True(() => relay.Handles() <= handles + Clients + 10, "no handle is left over", describe: () => $"{relay.Handles()} handles, {handles} before");
        var added = await relay.HeapAsync() - memory;
        added.Should().BeLessThan(Allowed);
        FaultRun.ReportAttack(
            output,
            "creations without a pause",
            string.Create(CultureInfo.InvariantCulture, $"{requests} in {seconds:0} s"),
            string.Create(CultureInfo.InvariantCulture, $"{created} created, {answers[HttpStatusCode.TooManyRequests]} answered 429; {added >> 20} MiB more, {added / created} bytes a session; a neighbour's line: {attacked}"),
            started);
    }

    [Fact]
    public async Task Tokens_that_are_guessed_are_answered_429_after_so_many_and_right_ones_pass_all_the_time()
    {
        var guesses = FaultRun.Size(500, 20_000);
        var started = Stopwatch.GetTimestamp();
        await using var relay = await MeasuredRelay.StartAsync([.. Settings, "--Security:AdminKeys", LockedRelay.AdminKey]);
        var memory = await relay.HeapAsync();

        var answers = await FloodAsync(guesses, async i =>
        {
            using var guess = new Credentials($"guess-number-{i}").Sign(HttpMethod.Get, "/logging_session");
            return await relay.Api.Http.SendAsync(guess);
        });
        using var right = new Credentials(LockedRelay.AdminKey).Sign(HttpMethod.Get, "/logging_session");
        using var let = await relay.Api.Http.SendAsync(right);

        let.StatusCode.Should().Be(HttpStatusCode.OK, "a stranger behind the same address locks nobody out");
        answers.Keys.Should().BeEquivalentTo([HttpStatusCode.Unauthorized, HttpStatusCode.TooManyRequests]);
        answers[HttpStatusCode.Unauthorized].Should().BeInRange(Guesses, Guesses + (int)(Stopwatch.GetElapsedTime(started).TotalSeconds / 2) + 1);
        var added = await relay.HeapAsync() - memory;
        added.Should().BeLessThan(Allowed);
        FaultRun.ReportAttack(
            output,
            "tokens that are guessed",
            string.Create(CultureInfo.InvariantCulture, $"{guesses} guesses"),
            string.Create(CultureInfo.InvariantCulture, $"{answers[HttpStatusCode.Unauthorized]} answered 401, {answers[HttpStatusCode.TooManyRequests]} 429; a right key passed; {added >> 20} MiB more"),
            started);
    }

    /// <summary>How often each status came.</summary>
    private static async Task<Dictionary<HttpStatusCode, int>> FloodAsync(int requests, Func<int, Task<HttpResponseMessage>> ask)
    {
        var next = -1;
        var counts = await Task.WhenAll(Enumerable.Range(0, Clients).Select(async _ =>
        {
            var seen = new Dictionary<HttpStatusCode, int>();
            for (int i; (i = Interlocked.Increment(ref next)) < requests;)
            {
                using var answer = await ask(i);
                seen[answer.StatusCode] = seen.GetValueOrDefault(answer.StatusCode) + 1;
                (answer.StatusCode != HttpStatusCode.TooManyRequests || answer.Headers.RetryAfter?.Delta >= TimeSpan.FromSeconds(1)).Should().BeTrue("429 says when to come again");
            }

            return seen;
        }));
        return counts.SelectMany(seen => seen).GroupBy(pair => pair.Key).ToDictionary(group => group.Key, group => group.Sum(pair => pair.Value));
    }
}
