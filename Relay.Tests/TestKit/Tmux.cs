using FluentAssertions;

namespace Relay.Tests.TestKit;

/// <summary>
/// A terminal that somebody else wrote: a command runs in a pane of tmux, with a real pseudo-terminal, and tmux says what is on the screen.
/// It is told to obey all that programs ask of it, so that what does not happen was not asked for.
/// </summary>
internal sealed class Tmux : IAsyncDisposable
{
    private static int _made;

    private readonly TempFolder _folder = new();
    private readonly string _socket;

    private Tmux() => _socket = _folder[$"tmux-{Interlocked.Increment(ref _made)}"];

    /// <summary>Runs a shell script in a pane. When the script ends, what is typed is still echoed.</summary>
    public static async Task<Tmux> StartAsync(string script, int columns = 100, int rows = 30)
    {
        var tmux = new Tmux();
        try
        {
            var file = tmux._folder["script.sh"];
            await File.WriteAllTextAsync(file, $"trap : INT\nread -r _\n{script}\nexec cat\n");
            await tmux.Tell("new-session", "-d", "-x", $"{columns}", "-y", $"{rows}", $"sh {file}");
            await tmux.Tell("set-option", "-s", "set-clipboard", "on");
            await tmux.Tell("set-option", "-g", "allow-rename", "on");
            await tmux.Tell("set-option", "-g", "allow-passthrough", "on");
            await tmux.Tell("select-pane", "-T", "untouched");
            await tmux.Tell("send-keys", "Enter");
            return tmux;
        }
        catch
        {
            await tmux.DisposeAsync();
            throw;
        }
    }

    /// <summary>The rows on the screen; those that were wrapped are joined, empty ones at the end left out.</summary>
    public async Task<string[]> Rows() => (await Tell("capture-pane", "-p", "-J")).TrimEnd().Split('\n').Select(row => row.TrimEnd()).ToArray();

    public async Task Shows(string text)
    {
        string[] rows = [];
        await Eventually.True(
            async () => (rows = await Rows()).Any(row => row.Contains(text, StringComparison.Ordinal)),
            $"the screen shows '{text}'", TimeSpan.FromSeconds(60), () => string.Join('\n', rows));
    }

    /// <summary>A format of tmux(1), such as <c>#{pane_title}</c>.</summary>
    public async Task<string> Ask(string format) => (await Tell("display-message", "-p", format)).TrimEnd('\n');

    /// <summary>How many texts programs put into the clipboard.</summary>
    public async Task<int> Clipboards() => (await Tell("list-buffers")).Count(c => c == '\n');

    public Task Type(string key) => Tell("send-keys", key);

    public async ValueTask DisposeAsync()
    {
        try
        {
            await using var _ = await ChildProcess.Run(Command("kill-server"));
        }
        finally
        {
            _folder.Dispose();
        }
    }

    private async Task<string> Tell(params string[] arguments)
    {
        await using var tmux = await ChildProcess.Run(Command(arguments));
        tmux.ExitCode.Should().Be(0, tmux.Describe());
        return tmux.StdoutText;
    }

    private ChildCommand Command(params string[] arguments) => new("tmux", ["-S", _socket, "-f", "/dev/null", .. arguments])
    {
        Environment = new Dictionary<string, string?>(StringComparer.Ordinal) { ["TMUX"] = null, ["TERM"] = "xterm-256color", ["LC_ALL"] = "C.UTF-8", ["NO_COLOR"] = null },
    };
}
