using System.CommandLine;
using Relay.Contracts;

namespace Relay.Cli.Sessions;

/// <summary>Sessions by id on the command line.</summary>
internal static class SessionArgument
{
    /// <summary>What stands for a session in every command; completion knows it by this name.</summary>
    public const string Name = "SESSION";

    public static Argument<string> CreateOne() => Create(Name, "The session's id.");

    /// <summary>One that is still to come, so that completion has nothing to offer.</summary>
    public static Argument<string> CreateNew() =>
        Create("ID", "The session's id: 1–256 UTF-8 bytes without control characters, '/' or '\\', not '.' or '..'.");

    public static Argument<string[]> CreateMany()
    {
        var sessions = new Argument<string[]>(Name) { Description = "The sessions' ids.", Arity = ArgumentArity.OneOrMore };
        sessions.Validators.Add(result => Check(result.GetValueOrDefault<string[]>() ?? [], result.AddError));
        return sessions;
    }

    private static Argument<string> Create(string name, string description)
    {
        var session = new Argument<string>(name) { Description = description };
        session.Validators.Add(result => Check([result.GetValueOrDefault<string>()], result.AddError));
        return session;
    }

    private static void Check(IEnumerable<string?> ids, Action<string> addError)
    {
        foreach (var id in ids)
        {
            if (!SessionIds.IsValid(id, out var problem))
            {
                addError(problem);
            }
        }
    }
}
