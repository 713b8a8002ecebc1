using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using FluentAssertions;
using FluentAssertions.Execution;
using Microsoft.AspNetCore.SignalR;
using Microsoft.Extensions.DependencyInjection;
using Relay.Tests.TestKit;
using Xunit;
using Xunit.Abstractions;

namespace Relay.Tests.Faults;

/// <summary>Clients that are gone in the middle of everything leave nothing behind.</summary>
[Collection(Alone.Name)]
public sealed class TearDownTests(ITestOutputHelper output)
{
    private const int Lanes = 8;
    private const int LogBytes = 2 * 1024 * 1024;
    private const int BufferAllowance = 40;

    // The pool adds threads under load and takes its time to end them; far fewer than there are connections.
    private const int MostThreads = 100;

    // Caches of the runtime and the server grow for a while: after 30,000 connections they have 5 MiB. What leaks grows with every connection.
    private static readonly long MemoryAllowance = FaultRun.Size(everyRun: 4, full: 8) * 1024L * 1024;

    // SignalR forgets a connection that was negotiated and never came after 15 s.
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(60);

    [Fact]
    public async Task Abrupt_connections_leak_no_task_handle_lease_or_buffer()
    {
        var started = Stopwatch.GetTimestamp();
        var connections = FaultRun.Size(everyRun: 500, full: 10_000);
        var found = "";
        await Seeds.ForEach(1, async seed => found = await Run(seed, connections));
        FaultRun.Report(
            output,
            "tear-down in the middle of everything: no leaked task, handle, lease, buffer after 10,000 abrupt connections",
            $"{connections} connections of {AbruptConnection.Kinds.Count} kinds",
            found,
            started);
    }

    private static async Task<string> Run(int seed, int connections)
    {
        using var calls = new RunningCalls();
        using var ledger = new ProcessLedger();
        await using var relay = await RelayHost.StartAsync(options =>
            options.Customize = builder => builder.Services.Configure<HubOptions>(hub => hub.AddFilter(calls)));
        await TearDown(relay, calls, seed, AbruptConnection.Kinds.Count * 12);
        var before = Holdings.Of(ledger);

        var reached = await TearDown(relay, calls, seed + 1, connections);

        var after = before;
        await Eventually.True(
            () => (after = Holdings.Of(ledger)).IsNoMoreThan(before), "sockets, files, memory and buffers are given back", Deadline, () => $"{after.Beyond(before)}\n{calls}");
        using (new AssertionScope())
        {
            ThreadPool.ThreadCount.Should().BeLessThan(MostThreads, "no thread is stuck");
            ledger.Rentals.Should().BeGreaterThan(connections, "each connection needs buffers, or they are not counted");
            ledger.Unobserved.Should().BeEmpty("nobody's failure goes unseen");
            reached.Should().HaveCount(AbruptConnection.Kinds.Count).And.OnlyContain(kind => kind.Value > 0, "each kind got as far as it should");
        }

        await FreshClientsWork(relay);
        return string.Create(
            CultureInfo.InvariantCulture,
            $"0 sockets, 0 files, 0 leases, 0 hub methods, {after.Buffers - before.Buffers} pooled buffers, {(after.Memory - before.Memory) / 1024} KiB more than before");
    }

    /// <summary>Connections by the number, several at a time, then everything that was held given back and the sessions deleted.</summary>
    /// <returns>How often each kind reached its stage.</returns>
    private static async Task<IReadOnlyDictionary<string, int>> TearDown(RelayHost relay, RunningCalls calls, int seed, int connections)
    {
        var idle = calls.Count("kestrel.active_connections");
        var reached = new ConcurrentDictionary<string, int>(StringComparer.Ordinal);
        var sessions = Enumerable.Range(0, Lanes).Select(lane => $"lane-{seed}-{lane}").ToList();
        foreach (var session in sessions)
        {
            await AbruptConnection.Prepare(relay, session, LogBytes);
        }

        await Task.WhenAll(sessions.Select((session, lane) => Task.Run(async () =>
        {
            var random = new Random((seed * Lanes) + lane);
            for (var number = lane; number < connections; number += Lanes)
            {
                var (name, begin) = AbruptConnection.Kinds[random.Next(AbruptConnection.Kinds.Count)];
                var goodbye = (Goodbye)random.Next(3);
                try
                {
                    await AbruptConnection.Leave(await begin(new AbruptConnection(relay, session, number + 1, random)), goodbye);
                }
                catch (Exception e)
                {
                    throw new InvalidOperationException($"'{name}', connection {number} of {session}, {goodbye}: {e.Message}", e);
                }

                reached.AddOrUpdate(name, 1, (_, count) => count + 1);
            }
        })));

        await Eventually.True(() => calls.Methods == 0, "no hub method runs any more", Deadline, calls.ToString);
        await Eventually.True(() => calls.Count("signalr.server.active_connections") == 0, "SignalR holds no connection", Deadline, calls.ToString);
        await Eventually.True(() => calls.Count("kestrel.active_connections") <= Math.Max(idle, 1), "all connections are gone", Deadline, calls.ToString);
        await Eventually.True(() => calls.Count("http.server.active_requests") == 0, "no request is under way", Deadline, calls.ToString);
        foreach (var session in sessions)
        {
            await NobodyIsThere(relay, session);
            await NobodyIsThere(relay, session + "-put");
            await NobodyIsThere(relay, session + "-raw");
            await AbruptConnection.CleanUp(relay, session);
        }

        return reached;
    }

    private static Task NobodyIsThere(RelayHost relay, string session) => Eventually.True(
        async () => await relay.Api.Status(session) is { Readers: 0 } status && status.Outputs.Values.All(output => output.Writer is null && output.State != "open"),
        $"no reader and no lease is left at {session}",
        Deadline);

    private sealed record Holdings(int Sockets, IReadOnlyList<string> Files, long Memory, long Buffers)
    {
        public static Holdings Of(ProcessLedger ledger) => new(ProcessLedger.Sockets, ProcessLedger.Files, ProcessLedger.Memory, ledger.Buffers);

        public bool IsNoMoreThan(Holdings before) =>
            Sockets <= before.Sockets
            && Files.Count <= before.Files.Count && !Files.Except(before.Files, StringComparer.Ordinal).Any()
            && Memory - before.Memory < MemoryAllowance
            && Buffers - before.Buffers < BufferAllowance;

        public string Beyond(Holdings before) => string.Create(
            CultureInfo.InvariantCulture,
            $"{Sockets - before.Sockets} sockets, {Buffers - before.Buffers} pooled buffers, {(Memory - before.Memory) / 1024} KiB more than before; files: {string.Join(", ", Files)}; before: {string.Join(", ", before.Files)}");
    }

    private static async Task FreshClientsWork(RelayHost relay)
    {
        var session = await relay.Api.CreateSession();
        await using var reader = await relay.Api.Reader(session);
        await using var writer = await relay.Api.Writer(session);
        await writer.Send("fresh\n");
        (await reader.Receive())!.Text.Should().Be("fresh\n");
        (await relay.Api.ReadAll(session)).ShouldBeExactly("fresh\n"u8.ToArray(), "the log");
    }
}
