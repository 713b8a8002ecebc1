using System.Text;
using FluentAssertions;
using FluentAssertions.Execution;

namespace Relay.Tests.TestKit;

/// <summary>Comparing long outputs: a failure names the first byte that differs and shows what stands around it.</summary>
internal static class Bytes
{
    public static void ShouldBeExactly(this byte[] actual, byte[] expected, string what)
    {
        if (actual.AsSpan().SequenceEqual(expected))
        {
            return;
        }

        var at = actual.AsSpan().CommonPrefixLength(expected);
        Execute.Assertion.FailWith(
            $"{what}: expected {expected.Length} bytes, got {actual.Length}; they differ from byte {at}.\nexpected: …{Around(expected, at)}…\nactual:   …{Around(actual, at)}…"
                .Replace("{", "{{", StringComparison.Ordinal).Replace("}", "}}", StringComparison.Ordinal));
    }

    public static void ShouldStartWith(this byte[] actual, byte[] prefix, string what) =>
        actual[..Math.Min(actual.Length, prefix.Length)].ShouldBeExactly(prefix, what);

    /// <summary>Both outputs of a finished process, and its exit code.</summary>
    public static void ShouldHavePrinted(this ChildProcess process, byte[] stdout, byte[] stderr, int exitCode, string who)
    {
        using var scope = new AssertionScope();
        process.ExitCode.Should().Be(exitCode, $"that is {who}'s exit code; {process.Describe()}");
        process.Stdout.ShouldBeExactly(stdout, $"{who}'s stdout");
        process.Stderr.ShouldBeExactly(stderr, $"{who}'s stderr");
    }

    /// <summary>As <see cref="ShouldHavePrinted"/>, for <c>relay-writer run</c>: before the job's stderr stands one line that says how to follow.</summary>
    public static void ShouldHavePassedThrough(this ChildProcess writer, string session, byte[] stdout, byte[] stderr, int exitCode)
    {
        var end = Array.IndexOf(writer.Stderr, (byte)'\n') + 1;
        Encoding.UTF8.GetString(writer.Stderr.AsSpan(0, end)).Should().StartWith($"relay-writer: follow with: relay tail {session} --url http://127.0.0.1:");
        using var scope = new AssertionScope();
        writer.ExitCode.Should().Be(exitCode, $"that is the job's exit code; {writer.Describe()}");
        writer.Stdout.ShouldBeExactly(stdout, "the writer's stdout");
        writer.Stderr[end..].ShouldBeExactly(stderr, "the writer's stderr");
    }

    private static string Around(byte[] bytes, int at)
    {
        var start = Math.Max(0, at - 40);
        return Encoding.UTF8.GetString(bytes.AsSpan(start, Math.Min(120, bytes.Length - start))).ReplaceLineEndings("⏎");
    }
}
