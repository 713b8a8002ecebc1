using System.Collections.Concurrent;
using System.Globalization;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json;
using FluentAssertions;
using Relay.Contracts;
using Relay.Tests.TestKit;

namespace Relay.Tests.Faults;

/// <summary>
/// What all who take part in a <see cref="RecreateRace"/> know. Each writing connection has a mark of its own, and writes nothing but words that
/// are the mark; so every byte that a reader sees tells of which incarnation it is.
/// </summary>
internal sealed class RecreateWorld(RelayHost relay)
{
    private const int WordBytes = 8;

    private readonly ConcurrentDictionary<int, long> _homes = new();
    private readonly ConcurrentDictionary<int, bool> _banned = new();
    private readonly ConcurrentQueue<IReadOnlyCollection<int>> _streams = new();
    private int _marks;
    private TaskCompletionSource _happened = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public RelayHost Relay => relay;

    public string Session { get; } = RelayApi.NewId("recreated");

    /// <summary>Nobody begins anything any more.</summary>
    public bool IsOver { get; private set; }

    public int StreamsRead => _streams.Count;

    public int NewMark() => Interlocked.Increment(ref _marks);

    /// <summary>A mark whose writer must be refused.</summary>
    public int NewBannedMark()
    {
        var mark = NewMark();
        _banned[mark] = true;
        return mark;
    }

    public static byte[] Words(int mark, int count) =>
        Encoding.ASCII.GetBytes(string.Concat(Enumerable.Repeat(mark.ToString("0000000", CultureInfo.InvariantCulture) + "\n", count)));

    /// <summary>A mark was granted in, or read from, this incarnation.</summary>
    public void Note(int mark, long incarnation) =>
        _homes.GetOrAdd(mark, incarnation).Should().Be(incarnation, $"a writer ({mark}) is of one incarnation only");

    /// <summary>What one reader got of one output, from its beginning. It may have been broken off anywhere.</summary>
    /// <param name="bytes">The bytes.</param>
    /// <param name="incarnation">Whose they are, if the reader was told.</param>
    public void NoteRead(byte[] bytes, long? incarnation)
    {
        var marks = new HashSet<int>();
        for (var at = 0; at + WordBytes <= bytes.Length; at += WordBytes)
        {
            var word = Encoding.ASCII.GetString(bytes, at, WordBytes);
            word.Should().MatchRegex("^[0-9]{7}\n$", "writers write whole words");
            marks.Add(int.Parse(word, CultureInfo.InvariantCulture));
        }

        foreach (var mark in marks)
        {
            if (incarnation is { } known)
            {
                Note(mark, known);
            }
        }

        _streams.Enqueue(marks);
    }

    /// <summary>Once nobody writes or reads any more.</summary>
    public void ShouldBeConsistent()
    {
        foreach (var stream in _streams)
        {
            stream.Should().NotContain(mark => _banned.ContainsKey(mark), "who was refused has written nothing");
            stream.Where(_homes.ContainsKey).Select(mark => _homes[mark]).Distinct().Should().HaveCountLessThanOrEqualTo(1, "a reader reads one incarnation");
        }
    }

    /// <summary>Something went on: lets those move who wait for it.</summary>
    public void Pulse() => Interlocked.Exchange(ref _happened, new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously)).TrySetResult();

    public Task HappensAsync() => Volatile.Read(ref _happened).Task;

    public void End()
    {
        IsOver = true;
        Pulse();
    }

    /// <summary>A refusal that says that the session is not there. It existed once, so it is not unknown: it is gone.</summary>
    public static bool IsGone(RelayErrorCode code) => code == RelayErrorCode.SessionDeleted;

    /// <summary>The same over HTTP.</summary>
    public static async Task ShouldSayGone(HttpResponseMessage answer)
    {
        var document = await answer.Content.ReadFromJsonAsync<JsonElement>();
        (RelayErrorCodes.TryParse(document.GetProperty("code").GetString()!, out var code) && IsGone(code)).Should().BeTrue($"the session is gone; the answer is {document}");
    }
}
