using System.Globalization;
using Relay.Cli.Tables;
using Relay.Contracts;

namespace Relay.Cli.Sessions;

/// <summary>A session as a row: short for a person at a terminal, exact for a script.</summary>
internal static class SessionRow
{
    private static readonly string[] Units = ["B", "KiB", "MiB", "GiB", "TiB", "PiB"];

    public static TextTable Table(IEnumerable<SessionStatus> sessions, bool person, TimeProvider time)
    {
        var table = new TextTable(Columns(person));
        var now = time.GetUtcNow();
        foreach (var session in sessions)
        {
            table.Add(Cells(session, person, now));
        }

        return table;
    }

    /// <summary>A row on its own, for a script.</summary>
    public static string Line(SessionStatus session) =>
        string.Join("  ", Cells(session, person: false, now: default).Select(PlainText.Escape)).TrimEnd();

    private static TextColumn[] Columns(bool person) =>
    [
        new TextColumn("SESSION"),
        new TextColumn("STATE"),
        new TextColumn(person ? "AGE" : "CREATED", IsNumber: person),
        new TextColumn("STDOUT", IsNumber: true),
        new TextColumn("STDERR", IsNumber: true),
        new TextColumn("LINES", IsNumber: true),
        new TextColumn("READERS", IsNumber: true),
        new TextColumn("LABELS"),
    ];

    private static string[] Cells(SessionStatus session, bool person, DateTimeOffset now) =>
    [
        session.SessionId,
        State(session),
        person ? Age(now - session.CreatedAt) : session.CreatedAt.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture),
        .. OutputTypes.All.Select(output => Bytes(session.Outputs.GetValueOrDefault(output.ToName())?.Bytes ?? 0, person)),
        Number(session.Outputs.Values.Sum(output => output.Lines)),
        Number(session.Readers),
        string.Join(',', session.Labels.OrderBy(label => label.Key, StringComparer.Ordinal).Select(label => $"{label.Key}={label.Value}")),
    ];

    /// <summary><c>waiting</c> before the first writer, <c>writing</c> while one is connected, <c>left</c> after it went without completing;
    /// then <c>completed</c>, or <c>exit:N</c> with the job's exit code.</summary>
    public static string State(SessionStatus session) =>
        session.ExitCode is { } code ? $"exit:{Number(code)}"
        : session.State != "live" ? session.State
        : session.Outputs.Values.Any(output => output.Writer is not null) ? "writing"
        : session.Outputs.Values.All(output => output.State == "waiting") ? "waiting"
        : "left";

    /// <summary>In the largest unit that it fills: <c>59s</c>, <c>12m</c>, <c>3h</c>, <c>2d</c>. A clock that is behind the relay's makes it 0.</summary>
    private static string Age(TimeSpan age) =>
        age < TimeSpan.Zero ? "0s"
        : age.TotalDays >= 1 ? $"{(int)age.TotalDays}d"
        : age.TotalHours >= 1 ? $"{(int)age.TotalHours}h"
        : age.TotalMinutes >= 1 ? $"{(int)age.TotalMinutes}m"
        : $"{(int)age.TotalSeconds}s";

    private static string Bytes(long bytes, bool person)
    {
        if (!person || bytes < 1024)
        {
            return Number(bytes);
        }

        var unit = Math.Min((int)Math.Log(bytes, 1024), Units.Length - 1);
        return (bytes / Math.Pow(1024, unit)).ToString("0.0", CultureInfo.InvariantCulture) + " " + Units[unit];
    }

    private static string Number(long number) => number.ToString(CultureInfo.InvariantCulture);
}
