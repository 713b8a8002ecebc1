using System.Globalization;
using System.Text;
using FluentAssertions;
using Relay.Tests.TestKit;
using Relay.Writer.Follow;

namespace Relay.Tests.Writer;

/// <summary>A log with a job that writes numbered lines to it, rotation, and followers that come and go. What the followers take is kept here, as
/// a spool would.</summary>
internal sealed class FollowedLog : IAsyncDisposable
{
    private readonly TempFolder _folder = new();
    private readonly MemoryStream _taken = new();
    private readonly List<string> _said = [];
    private FileCheckpoint? _checkpoint;
    private FileStream? _job;
    private long _lines;
    private FileFollower? _follower;
    private CancellationTokenSource? _ending;
    private Task _running = Task.CompletedTask;

    public FollowPace Pace { get; init; } =
        new(TimeProvider.System) { Poll = TimeSpan.FromMilliseconds(5), OldFileGrace = TimeSpan.FromMilliseconds(100) };

    /// <summary>Stands before the lines of each file, as long as a fingerprint's head.</summary>
    public string Banner { get; init; } = "";

    /// <summary>Whether the job opens its log as <c>&gt;&gt;</c> does, or as <c>&gt;</c>.</summary>
    public bool Appends { get; init; } = true;

    public MemoryStream Written { get; } = new();

    public string Path => _folder["job.log"];

    public string Folder => _folder.Path;

    public IReadOnlyList<string> Said => _said;

    public byte[] Taken
    {
        get { lock (_taken) { return _taken.ToArray(); } }
    }

    public void Write(int lines)
    {
        _job ??= Open();
        for (var i = 0; i < lines; i++)
        {
            Write(string.Create(CultureInfo.InvariantCulture, $"line {++_lines}\n"));
        }
    }

    public void Write(string text)
    {
        _job ??= Open();
        var bytes = Encoding.UTF8.GetBytes(text);
        if (Appends)
        {
            _job.Seek(0, SeekOrigin.End); // FileMode.Append remembers where the end was, also when the file was truncated.
        }

        _job.Write(bytes);
        Written.Write(bytes);
    }

    /// <summary>As logrotate: job.log.1 becomes job.log.2 and so on, then job.log becomes job.log.1.</summary>
    public void Shift(int keep = 100)
    {
        for (var i = keep; i >= 1; i--)
        {
            if (File.Exists($"{Path}.{i}"))
            {
                File.Move($"{Path}.{i}", $"{Path}.{i + 1}", overwrite: true);
            }
        }
    }

    /// <summary>Rotates by renaming; the job opens its log anew.</summary>
    public void Rename(bool reopens = true)
    {
        Shift();
        File.Move(Path, $"{Path}.1");
        if (reopens)
        {
            Reopen();
        }
    }

    public void Reopen()
    {
        _job?.Dispose();
        _job = null;
    }

    /// <summary>Rotates by copying; the job keeps its file open.</summary>
    public void CopyAndTruncate()
    {
        Shift();
        File.Copy(Path, $"{Path}.1");
        Truncate();
    }

    /// <summary>To nothing, or, as a job that does not append does by writing on, to a hole so long.</summary>
    public void Truncate(long hole = 0)
    {
        using var log = new FileStream(Path, FileMode.Open, FileAccess.Write, FileShare.ReadWrite);
        log.SetLength(0);
        log.SetLength(hole);
    }

    public void Follow()
    {
        _ending = new CancellationTokenSource();
        var follower = _follower = NewFollower();
        _running = Task.Run(() => follower.RunAsync(_ending.Token, CancellationToken.None));
    }

    /// <summary>The follower goes on by itself, until it is told to give up.</summary>
    public Task FollowUntil(CancellationToken giveUp)
    {
        var follower = _follower ??= NewFollower();
        return Task.Run(() => follower.RunAsync(CancellationToken.None, giveUp), CancellationToken.None);
    }

    /// <summary>The follower looks once, or so many times, and not by itself.</summary>
    public async Task Look(int times = 1)
    {
        _follower ??= NewFollower();
        for (var i = 0; i < times; i++)
        {
            await _follower.StepAsync(isEnding: false, CancellationToken.None);
        }
    }

    /// <summary>The follower is gone without a word; another one begins where its last bytes were kept.</summary>
    public void BeginToLookAnew()
    {
        _follower?.Dispose();
        _follower = null;
    }

    /// <summary>The follower looks until it finds nothing new.</summary>
    public async Task LookAtAll()
    {
        _follower ??= NewFollower();
        for (var looks = 0; await _follower.StepAsync(isEnding: true, CancellationToken.None); looks++)
        {
            looks.Should().BeLessThan(1000, "the follower comes to an end");
        }
    }

    /// <summary>The follower reads to the end and goes.</summary>
    public async Task StopFollowing()
    {
        await _ending!.CancelAsync();
        await Eventually.Done(_running, "the follower came to the end", describe: Describe);
        _follower!.Dispose();
        _ending.Dispose();
    }

    public Task UntilAllIsTaken() => Eventually.True(() => Taken.Length >= Written.Length, "the follower took all that was written", describe: Describe);

    public async ValueTask DisposeAsync()
    {
        if (!_running.IsCompleted)
        {
            await StopFollowing();
        }

        _follower?.Dispose();
        _job?.Dispose();
        _folder.Dispose();
    }

    private FileFollower NewFollower() => new(Path, FileCheckpoint.Decode((_checkpoint?.Encode() ?? default).Span), Pace, Take, message =>
    {
        lock (_said)
        {
            _said.Add(message);
        }
    });

    private string Describe() => $"{Taken.Length} of {Written.Length} bytes taken; {string.Join("; ", _said)}; {string.Join(", ", Directory.GetFiles(Folder))}";

    private ValueTask Take(ReadOnlyMemory<byte> bytes, Func<int, FileCheckpoint> placeBefore, CancellationToken cancellationToken)
    {
        lock (_taken)
        {
            _taken.Write(bytes.Span);
            _checkpoint = bytes.IsEmpty ? _checkpoint : placeBefore(0);
        }

        return ValueTask.CompletedTask;
    }

    private FileStream Open()
    {
        // No buffer: each line is one write, as a job's are.
        var file = new FileStream(Path, Appends ? FileMode.OpenOrCreate : FileMode.Create, FileAccess.Write, FileShare.ReadWrite | FileShare.Delete, bufferSize: 0);
        file.Seek(0, SeekOrigin.End);
        file.Write(Encoding.UTF8.GetBytes(Banner));
        Written.Write(Encoding.UTF8.GetBytes(Banner));
        return file;
    }
}
