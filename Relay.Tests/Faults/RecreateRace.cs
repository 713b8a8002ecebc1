using System.Collections.Concurrent;
using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using FluentAssertions;
using Microsoft.Extensions.DependencyInjection;
using Relay.Contracts;
using Relay.Server.Sessions;
using Relay.Tests.TestKit;

namespace Relay.Tests.Faults;

/// <summary>One random history of a session that is created, deleted and created again by several, while others read and write it.</summary>
internal sealed class RecreateRace(RelayHost relay, int seed)
{
    private readonly RecreateWorld _world = new(relay);
    private readonly ConcurrentBag<Session> _lives = [];
    private readonly TaskCompletionSource _failed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _created;
    private int _deleted;

    public int Lives => _created;

    public int StreamsRead => _world.StreamsRead;

    public async Task RunAsync()
    {
        await CreateAsync(HttpMethod.Post);
        var actors = Actors().Select((actor, i) => Watched(actor(_world, new Random((seed * 100) + i)))).ToList();
        var masters = Task.WhenAll(Enumerable.Range(50, 2).Select(i => Watched(RuleAsync(new Random((seed * 100) + i)))));
        await Eventually.Done(Task.WhenAny(masters, _failed.Task), "the session comes and goes");
        _world.End();
        await DeleteAsync();
        await Eventually.Done(Task.WhenAny(Task.WhenAll(actors), _failed.Task), "every reader and every writer learns that it is over");
        if (_failed.Task.IsCompleted)
        {
            await _failed.Task;
        }

        _world.ShouldBeConsistent();
        _deleted.Should().Be(_created, "who created and who deleted was told the truth");
        await NothingShouldBeLeftAsync();
    }

    private IEnumerable<Func<RecreateWorld, Random, Task>> Actors()
    {
        var random = new Random(seed);
        Func<RecreateWorld, Random, Task>[] readers = [RecreateReaders.HubAsync, RecreateReaders.HttpAsync, RecreateReaders.SocketAsync];
        Func<RecreateWorld, Random, Task>[] writers = [RecreateWriters.HubAsync, RecreateWriters.PutAsync, RecreateWriters.SocketAsync];
        yield return RecreateReaders.HubAsync;
        yield return readers[random.Next(readers.Length)];
        yield return readers[random.Next(readers.Length)];
        yield return RecreateWriters.HoldAsync;
        yield return writers[random.Next(writers.Length)];
        yield return writers[random.Next(writers.Length)];
    }

    private async Task RuleAsync(Random random)
    {
        for (var i = random.Next(2, 6); i > 0; i--)
        {
            for (var wait = random.Next(6); wait > 0; wait--)
            {
                await Task.WhenAny(_world.HappensAsync(), _failed.Task);
            }

            await (random.Next(5) switch
            {
                0 or 1 => DeleteAsync(),
                2 => CreateAsync(HttpMethod.Put),
                _ => CreateAsync(HttpMethod.Post),
            });
            _world.Pulse();
        }
    }

    private async Task CreateAsync(HttpMethod method)
    {
        using var answer = await relay.Api.Send(method, RelayApi.SessionPath(_world.Session));
        var document = await answer.Content.ReadFromJsonAsync<JsonElement>();
        if (answer.StatusCode != HttpStatusCode.OK)
        {
            (method, document.GetProperty("code").GetString()).Should().Be((HttpMethod.Post, "session_exists"));
            return;
        }

        if (document.GetProperty("message").GetString()!.EndsWith("created", StringComparison.Ordinal))
        {
            Interlocked.Increment(ref _created);
        }

        try
        {
            _lives.Add(await relay.Services.GetRequiredService<SessionRegistry>().GetAsync(_world.Session, CancellationToken.None));
        }
        catch (RelayException e) when (RecreateWorld.IsGone(e.Code))
        {
            // Somebody else was quick.
        }
    }

    private async Task DeleteAsync()
    {
        using var answer = await relay.Api.Send(HttpMethod.Delete, RelayApi.SessionPath(_world.Session));
        if (answer.StatusCode == HttpStatusCode.OK)
        {
            Interlocked.Increment(ref _deleted);
            return;
        }

        await Problem.Of(answer, HttpStatusCode.NotFound, "session_not_found");
    }

    private async Task NothingShouldBeLeftAsync()
    {
        foreach (var (method, path) in new[] { (HttpMethod.Get, RelayApi.SessionPath(_world.Session)), (HttpMethod.Get, RelayApi.ReadPath(_world.Session)), (HttpMethod.Put, RelayApi.WritePath(_world.Session)) })
        {
            using var answer = await relay.Api.Send(method, path);
            await Problem.Of(answer, HttpStatusCode.Gone, "session_deleted");
        }

        var name = Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(System.Text.Encoding.UTF8.GetBytes(_world.Session)));
        Directory.Exists(Path.Combine(relay.DataFolder, "tombstones")).Should().BeTrue("this is how the folder is built");
        Directory.EnumerateFiles(Path.Combine(relay.DataFolder, "tombstones"), $"{name}*").Should().ContainSingle("that it is gone is remembered, under this name");
        Directory.EnumerateDirectories(Path.Combine(relay.DataFolder, "sessions"), $"{name}*").Should().BeEmpty();
        await Eventually.True(() => !Directory.EnumerateDirectories(Path.Combine(relay.DataFolder, "trash"), $"{name}*").Any(), "the last reader's leaving empties the trash");
        await Eventually.True(() => _lives.All(life => life.Readers == 0), "no reader is counted any more");
        _lives.Should().NotBeEmpty().And.OnlyContain(life => !life.Log.Snapshot().HasWriter, "no lease is held");
    }

    /// <summary>The first failure ends everything: the others may wait for what will never happen.</summary>
    private async Task Watched(Task actor)
    {
        try
        {
            await actor;
        }
        catch (Exception e)
        {
            _failed.TrySetException(e);
            throw;
        }
    }
}
