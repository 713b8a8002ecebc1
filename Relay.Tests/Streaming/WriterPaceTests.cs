using System.Net;
using FluentAssertions;
using Relay.Contracts;
using Relay.Server.Streaming;
using Relay.Tests.TestKit;
using Xunit;

namespace Relay.Tests.Streaming;

/// <summary>A writer is slowed to its bytes per second; nothing is refused, and nothing is lost.</summary>
public sealed class WriterPaceTests
{
    private const int Rate = 100_000;
    private const int Size = 350_000;
    private readonly FakeTime _time = new();

    [Fact]
    public async Task A_second_s_worth_passes_at_once_and_then_what_time_allows()
    {
        using var nothing = new CancellationTokenSource();
        var pace = new WriterPace(1000, _time, nothing.Token, nothing.Token);
        for (var i = 0; i < 10; i++)
        {
            pace.WaitAsync(100, nothing.Token).AsTask().IsCompleted.Should().BeTrue();
        }

        var next = pace.WaitAsync(100, nothing.Token).AsTask();
        _time.Advance(TimeSpan.FromMilliseconds(99));
        next.IsCompleted.Should().BeFalse();
        _time.Advance(TimeSpan.FromMilliseconds(1));
        await Eventually.Done(next, "it goes on when there is room");
    }

    [Fact]
    public async Task What_is_larger_than_a_second_s_worth_passes_and_is_paid_for()
    {
        using var nothing = new CancellationTokenSource();
        var pace = new WriterPace(1000, _time, nothing.Token, nothing.Token);
        pace.WaitAsync(5000, nothing.Token).AsTask().IsCompleted.Should().BeTrue();
        var next = pace.WaitAsync(1000, nothing.Token).AsTask();
        _time.Advance(TimeSpan.FromMilliseconds(4999));
        next.IsCompleted.Should().BeFalse();
        _time.Advance(TimeSpan.FromMilliseconds(1));
        await Eventually.Done(next, "it goes on when all is paid for");
    }

    [Theory]
    [InlineData("stopping")]
    [InlineData("gone")]
    [InlineData("lost")]
    public async Task A_writer_that_is_over_waits_for_nothing(string why)
    {
        using var over = new CancellationTokenSource();
        CancellationToken Token(string name) => name == why ? over.Token : CancellationToken.None;
        var pace = new WriterPace(1000, _time, Token("stopping"), Token("gone"));
        await pace.WaitAsync(1_000_000, Token("lost"));
        var waiting = pace.WaitAsync(1_000_000, Token("lost")).AsTask();
        waiting.IsCompleted.Should().BeFalse();

        await over.CancelAsync();

        await Eventually.Done(waiting, "it waits no longer");
    }

    [Theory]
    [InlineData("hub")]
    [InlineData("http")]
    [InlineData("socket")]
    public async Task Every_transport_is_held_to_the_rate_and_loses_nothing(string transport)
    {
        await using var relay = await StartAsync();
        var session = await relay.Api.CreateSession();
        var bytes = new byte[Size];
        new Random(1).NextBytes(bytes);
        var write = transport switch
        {
            "hub" => WriteByHub(relay, session, bytes),
            "http" => relay.Api.Append(session, bytes),
            _ => WriteBySocket(relay, session, bytes),
        };

        var stored = 0L;
        for (var second = 0; stored < Size; second++)
        {
            second.Should().BeLessThan(100, "it comes to its end");
            await Eventually.True(async () => await Stored() >= Math.Min(Size, ((second + 1) * Rate) - 50_000), "what the rate allows is stored");
            stored = await Stored();
            stored.Should().BeLessThanOrEqualTo((second + 1) * Rate, "and no more");
            _time.Advance(TimeSpan.FromSeconds(1));
        }

        await Eventually.Done(write, "the writer has written all");
        (await relay.Api.ReadAll(session)).ShouldBeExactly(bytes, "what was written");

        async Task<long> Stored() => (await relay.Api.Status(session))!.Outputs["stdout"].Bytes;
    }

    [Fact]
    public async Task The_successor_of_a_writer_that_waits_need_not_wait()
    {
        await using var relay = await StartAsync();
        var session = await relay.Api.CreateSession();
        var first = relay.Api.Put(session, "stdout", new byte[Size], "?offset=0&run=job");
        await Eventually.True(async () => (await relay.Api.Status(session))!.Outputs["stdout"].Bytes > 0, "the first one waits");

        using var second = await relay.Api.Put(session, "stdout", new byte[10], "?offset=0&run=job");

        second.StatusCode.Should().Be(HttpStatusCode.OK);
        using var fenced = await Eventually.Done(first, "the first one is told");
        await Problem.Of(fenced, HttpStatusCode.Conflict, "fenced");
    }

    [Theory]
    [InlineData("hub")]
    [InlineData("http")]
    [InlineData("socket")]
    public async Task The_stop_of_the_relay_does_not_wait(string transport)
    {
        await using var relay = await StartAsync();
        var session = await relay.Api.CreateSession();
        var write = transport switch
        {
            "hub" => WriteByHub(relay, session, new byte[Size]),
            "http" => relay.Api.Append(session, new byte[Size]),
            _ => WriteBySocket(relay, session, new byte[Size]),
        };
        await Eventually.True(async () => (await relay.Api.Status(session))!.Outputs["stdout"].Bytes > 0, "it waits");

        await Eventually.Done(relay.StopAsync(), "the relay stops", TimeSpan.FromSeconds(8));

        await Eventually.Done(write.ContinueWith(_ => { }, TaskScheduler.Default), "the writer is told");
    }

    [Fact]
    public async Task A_socket_whose_pong_waits_behind_its_own_bytes_is_not_taken_for_dead()
    {
        await using var relay = await RelayHost.StartAsync(options =>
        {
            options.Settings["Streaming:WriterBytesPerSecond"] = "10000";
            options.Settings["Streaming:KeepAliveInterval"] = "00:00:01";
            options.Settings["Streaming:KeepAliveTimeout"] = "00:00:01";
        });
        var session = await relay.Api.CreateSession();
        var bytes = new byte[90_000];
        new Random(1).NextBytes(bytes);

        await using (var writer = await relay.Api.Writer(session))
        {
            foreach (var message in bytes.Chunk(30_000)) // Each is three seconds' worth.
            {
                await writer.Send(message);
            }

            await writer.Close();
        }

        (await relay.Api.ReadAll(session)).ShouldBeExactly(bytes, "what was written");
    }

    private static async Task WriteByHub(RelayHost relay, string session, byte[] bytes)
    {
        await using var peer = await HubPeer.ConnectAsync(relay);
        using var upload = await peer.WriteAsync(new WriteRequest { Session = session, RunId = "run", Attempt = 1 });
        for (var at = 0; at < bytes.Length; at += 10_000)
        {
            upload.Send(OutputType.Stdout, at, bytes.AsSpan(at, Math.Min(10_000, bytes.Length - at)));
        }

        await upload.WrittenAsync(OutputType.Stdout, bytes.Length);
        upload.Leave();
        while (await upload.NextAsync() is not null)
        {
            // What was written becomes durable, and that is said too.
        }
    }

    private static async Task WriteBySocket(RelayHost relay, string session, byte[] bytes)
    {
        await using var writer = await relay.Api.Writer(session);
        for (var at = 0; at < bytes.Length; at += 10_000)
        {
            await writer.Send(bytes.AsMemory(at, Math.Min(10_000, bytes.Length - at)));
        }

        await writer.Close();
    }

    private Task<RelayHost> StartAsync() => RelayHost.StartAsync(options =>
    {
        options.Time = _time;
        options.Settings["Streaming:WriterBytesPerSecond"] = $"{Rate}";
    });
}
