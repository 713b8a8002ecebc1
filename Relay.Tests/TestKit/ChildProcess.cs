using System.Diagnostics;
using System.Text;

namespace Relay.Tests.TestKit;

/// <summary>How to start a <see cref="ChildProcess"/>.</summary>
internal sealed record ChildCommand(string FileName, params string[] Arguments)
{
    public IReadOnlyDictionary<string, string?> Environment { get; init; } = new Dictionary<string, string?>(StringComparer.Ordinal);

    public string? WorkingDirectory { get; init; }

    /// <summary>Where its stdout goes instead of <see cref="ChildProcess.Stdout"/>.</summary>
    public string? OutputFile { get; init; }
}

/// <summary>
/// A real process. What it prints is kept as bytes, because bytes are what the relay promises. It leads a process group of its own, so that
/// what it started goes with it at the end, even if it was killed itself.
/// </summary>
internal sealed class ChildProcess : IAsyncDisposable
{
    private readonly Process _process;
    private readonly ChildCommand _command;
    private readonly Captured _stdout;
    private readonly Captured _stderr;

    private ChildProcess(Process process, ChildCommand command)
    {
        _process = process;
        _command = command;
        Id = process.Id;
        _stdout = new Captured(process.StandardOutput.BaseStream);
        _stderr = new Captured(process.StandardError.BaseStream);
    }

    public int Id { get; }

    public bool HasExited => _process.HasExited;

    /// <summary>128 + n for a process that signal n ended.</summary>
    public int ExitCode => _process.ExitCode;

    /// <summary>All that came so far.</summary>
    public byte[] Stdout => _stdout.ToArray();

    public byte[] Stderr => _stderr.ToArray();

    public long StdoutLength => _stdout.Length;

    public long StderrLength => _stderr.Length;

    public string StdoutText => Encoding.UTF8.GetString(Stdout);

    public string StderrText => Encoding.UTF8.GetString(Stderr);

    private bool HasEnded => _process.HasExited && _stdout.End.IsCompleted && _stderr.End.IsCompleted;

    public static ChildProcess Start(ChildCommand command)
    {
        // setsid(1) makes the group and then becomes the program: no second process.
        var start = new ProcessStartInfo("setsid")
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            UseShellExecute = false,
            WorkingDirectory = command.WorkingDirectory ?? Path.GetTempPath(),
        };
        if (command.OutputFile is { } file)
        {
            foreach (var word in new[] { "sh", "-c", "file=$1; shift; exec \"$@\" >\"$file\"", "sh", file })
            {
                start.ArgumentList.Add(word);
            }
        }

        start.ArgumentList.Add(command.FileName);
        foreach (var argument in command.Arguments)
        {
            start.ArgumentList.Add(argument);
        }

        // The settings of the person who runs the tests are not the settings under test.
        foreach (var name in start.Environment.Keys.Where(key => key.StartsWith("RELAY_", StringComparison.Ordinal) && key != "RELAY_TEST_RUN").ToList())
        {
            start.Environment.Remove(name);
        }

        start.Environment["PYTHONDONTWRITEBYTECODE"] = "1";
        // Each process has spools of its own unless a test says otherwise: writers deliver what they find.
        start.Environment["RELAY_SPOOL"] = Path.Combine(Path.GetTempPath(), $"relay-spool-{Guid.NewGuid():N}");
        foreach (var (name, value) in command.Environment)
        {
            start.Environment[name] = value;
        }

        return new ChildProcess(Process.Start(start)!, command);
    }

    /// <summary>Starts, waits for the end, and hands back the finished process.</summary>
    public static async Task<ChildProcess> Run(ChildCommand command, TimeSpan? deadline = null)
    {
        var child = Start(command);
        try
        {
            child.CloseInput();
            await child.WaitForExit(deadline);
            return child;
        }
        catch
        {
            await child.DisposeAsync();
            throw;
        }
    }

    /// <summary>Waits for the end of the process and of its outputs; then both are whole.</summary>
    public async Task<int> WaitForExit(TimeSpan? deadline = null)
    {
        var limit = deadline ?? TimeSpan.FromSeconds(60);
        var end = Task.WhenAll(_process.WaitForExitAsync(), _stdout.End, _stderr.End);
        await Eventually.Done(end, $"'{this}' ends and closes its outputs", limit, Describe);
        return _process.ExitCode;
    }

    /// <summary>Waits until the process has printed at least <paramref name="count"/> bytes on stdout.</summary>
    public Task Printed(long count, string because, TimeSpan? deadline = null) => Until(() => StdoutLength >= count, because, deadline);

    /// <summary>Waits for a text on stdout.</summary>
    public Task Printed(string text, TimeSpan? deadline = null) =>
        Until(() => StdoutText.Contains(text, StringComparison.Ordinal), $"'{this}' prints '{text}'", deadline);

    /// <summary>Waits for something that this process brings about; a process that ends before that fails the wait at once.</summary>
    public async Task Until(Func<bool> condition, string because, TimeSpan? deadline = null)
    {
        var ended = false;
        await Eventually.True(() => (ended = HasEnded) || condition(), because, deadline ?? TimeSpan.FromSeconds(60), Describe);
        if (ended && !condition())
        {
            throw new InvalidOperationException($"Expected: {because}, but the process ended before. {Describe()}");
        }
    }

    public void Send(Signal signal)
    {
        if (!_process.HasExited)
        {
            PosixSignals.Send(Id, signal);
        }
    }

    public Task WriteLine(string line) => Write(line + "\n");

    public async Task Write(string text)
    {
        await _process.StandardInput.WriteAsync(text);
        await _process.StandardInput.FlushAsync();
    }

    public void CloseInput() => _process.StandardInput.Close();

    /// <summary>For failure messages: the end of what was printed.</summary>
    public string Describe() =>
        $"{this}: {(_process.HasExited ? $"exited with {_process.ExitCode}" : $"process {Id} runs")}{Environment.NewLine}"
        + $"--- stdout ({StdoutLength} bytes): {Tail(Stdout)}{Environment.NewLine}--- stderr ({StderrLength} bytes): {Tail(Stderr)}";

    public override string ToString() => $"{Path.GetFileName(_command.FileName)} {string.Join(' ', _command.Arguments.Select(Short))}";

    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
        {
            _process.Kill(entireProcessTree: true);
        }

        EndGroup();
        try
        {
            await WaitForExit(TimeSpan.FromSeconds(10));
        }
        finally
        {
            _process.Dispose();
        }
    }

    private void EndGroup()
    {
        // An id is nobody else's while a group has it. One that is in use although ours was reaped is a stranger's, and so would be its group.
        if (!_process.HasExited || !Path.Exists($"/proc/{Id}"))
        {
            PosixSignals.Send(-Id, Signal.Kill);
        }
    }

    private static string Short(string argument)
    {
        var line = argument.ReplaceLineEndings(" ").Trim();
        return line.Length > 60 ? line[..57] + "..." : line;
    }

    private static string Tail(byte[] bytes) => Encoding.UTF8.GetString(bytes.AsSpan(Math.Max(0, bytes.Length - 2000)));

    private sealed class Captured
    {
        private readonly Lock _lock = new();
        private byte[] _bytes = new byte[64 * 1024];
        private int _length;

        public Captured(Stream source) => End = Task.Run(() => Pump(source));

        public Task End { get; }

        public long Length
        {
            get
            {
                lock (_lock)
                {
                    return _length;
                }
            }
        }

        public byte[] ToArray()
        {
            lock (_lock)
            {
                return _bytes[.._length];
            }
        }

        private async Task Pump(Stream source)
        {
            var buffer = new byte[64 * 1024];
            int count;
            while ((count = await source.ReadAsync(buffer)) > 0)
            {
                lock (_lock)
                {
                    if (_length + count > _bytes.Length)
                    {
                        Array.Resize(ref _bytes, Math.Max(_bytes.Length * 2, _length + count));
                    }

                    buffer.AsSpan(0, count).CopyTo(_bytes.AsSpan(_length));
                    _length += count;
                }
            }
        }
    }
}
