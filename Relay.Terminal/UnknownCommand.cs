using System.CommandLine;

namespace Relay.Terminal;

/// <summary>Says that a command is missing or unknown, and guesses what was meant.</summary>
internal static class UnknownCommand
{
    /// <summary>The one mistake to tell: a first word that is no command explains every further one. <c>null</c> when the command is known.</summary>
    public static string? Describe(RootCommand root, ParseResult parsed)
    {
        string[] commands = [.. root.Subcommands.Where(command => !command.Hidden).Select(command => command.Name)];
        if (parsed.CommandResult.Command != root || parsed.UnmatchedTokens is [['-', ..], ..])
        {
            return null;
        }

        if (parsed.UnmatchedTokens is not [var word, ..])
        {
            return $"a command is missing; the commands are {string.Join(", ", commands)}.";
        }

        var nearest = commands.MinBy(command => Distance(word, command));
        return nearest is not null && Distance(word, nearest) <= (nearest.Length / 3) + 1
            ? $"'{word}' is not a command; did you mean '{nearest}'?"
            : $"'{word}' is not a command; the commands are {string.Join(", ", commands)}.";
    }

    /// <summary>How many letters must be put in, taken out or changed to make one word of the other (Levenshtein).</summary>
    private static int Distance(string from, string to)
    {
        var row = Enumerable.Range(0, to.Length + 1).ToArray();
        for (var i = 1; i <= from.Length; i++)
        {
            var diagonal = row[0];
            row[0] = i;
            for (var j = 1; j <= to.Length; j++)
            {
                var change = diagonal + (from[i - 1] == to[j - 1] ? 0 : 1);
                diagonal = row[j];
                row[j] = Math.Min(change, Math.Min(row[j - 1], row[j]) + 1);
            }
        }

        return row[^1];
    }
}
