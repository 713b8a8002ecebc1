using Xunit;

namespace Relay.Tests.TestKit;

/// <summary>A command as the first process, number 1, of a process table of its own, as in a container without an init: unshare(1).</summary>
internal static class Container
{
    private const string Unshare = "unshare";

    private static readonly string[] Options =
        [.. Environment.IsPrivilegedProcess ? Array.Empty<string>() : ["--map-root-user"], "--pid", "--fork", "--kill-child", "--mount-proc"];

    public static bool IsPermitted { get; } = Tool.Succeeds(Unshare, [.. Options, "true"]);

    public static ChildCommand Of(ChildCommand command) => command with { FileName = Unshare, Arguments = [.. Options, command.FileName, .. command.Arguments] };
}

/// <summary>A test that needs a <see cref="Container"/>; where users may not make namespaces only root can.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class ContainerTheoryAttribute : TheoryAttribute
{
    public ContainerTheoryAttribute()
    {
        if (!Container.IsPermitted)
        {
            Skip = "A process table of one's own is not permitted here.";
        }
    }
}
