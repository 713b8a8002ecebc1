using System.Globalization;
using System.Text;
using Relay.Tests.TestKit;

namespace Relay.Tests.EndToEnd;

/// <summary>
/// A job that prints numbered lines on both outputs until it is told to end, and writes the same bytes to two files: the truth that writers,
/// tails and servers are held against. It paces itself, some 1,000 lines a second.
/// </summary>
internal sealed class NumberedJob : IDisposable
{
    public const int ExitCode = 3;

    private const string Script =
        """
        import os, sys, time
        folder = sys.argv[1]
        with open(folder + "/pid", "w") as pid:
            pid.write(str(os.getpid()))
        truth = {1: open(folder + "/stdout", "wb", 0), 2: open(folder + "/stderr", "wb", 0)}

        def say(descriptor, text):
            data = text.encode()
            truth[descriptor].write(data)
            while data:
                data = data[os.write(descriptor, data):]

        number = 0
        while not os.path.exists(folder + "/end"):
            say(1, "line %d of the job, \u00e4\u20ac\U0001f600\n" % number)
            if number % 7 == 0:
                say(2, "warning %d\r\n" % number)
            number += 1
            time.sleep(0.001)
        say(1, "no newline at the end")
        say(2, "\tlast words")
        sys.exit(3)
        """;

    private readonly TempFolder _folder = new();

    public string[] Command => [PythonPeer.Interpreter, "-c", Script, _folder.Path];

    /// <summary>What it has printed so far; nothing if it has not begun.</summary>
    public byte[] Stdout => Truth("stdout");

    public byte[] Stderr => Truth("stderr");

    /// <summary>Known once it has printed something.</summary>
    public int ProcessId => int.Parse(File.ReadAllText(_folder["pid"]), CultureInfo.InvariantCulture);

    public void End() => File.WriteAllText(_folder["end"], "");

    public void Dispose() => _folder.Dispose();

    private byte[] Truth(string output) => File.Exists(_folder[output]) ? File.ReadAllBytes(_folder[output]) : [];
}

/// <summary>A job of bash that prints much in no time: 20,000 lines on stdout, some on stderr, no newline at the end, exit code 7.</summary>
internal static class QuickJob
{
    public const int ExitCode = 7;

    private const int Lines = 20_000;

    private const string Script =
        """
        for ((i = 0; i < 20000; i++)); do
          printf 'line %d of the job\n' $i
          if ((i % 1000 == 0)); then printf 'warning at %d\n' $i >&2; fi
        done
        printf 'no newline at the end'
        printf 'nor here' >&2
        exit 7
        """;

    public static string[] Command => ["bash", "-c", Script];

    public static byte[] Stdout { get; } = Print(Enumerable.Range(0, Lines).Select(i => $"line {i} of the job\n").Append("no newline at the end"));

    public static byte[] Stderr { get; } =
        Print(Enumerable.Range(0, Lines).Where(i => i % 1000 == 0).Select(i => string.Create(CultureInfo.InvariantCulture, $"warning at {i}\n")).Append("nor here"));

    private static byte[] Print(IEnumerable<string> parts) => Encoding.UTF8.GetBytes(string.Concat(parts));
}
