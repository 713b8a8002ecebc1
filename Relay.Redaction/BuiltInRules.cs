namespace Relay.Redaction;

/// <summary>A rule that comes with the product.</summary>
/// <param name="Name">As masks and counts show it.</param>
/// <param name="Regex">The part named <c>secret</c> is masked, else all of it.</param>
/// <param name="Example">Is masked.</param>
/// <param name="CounterExample">Looks alike and is not.</param>
internal sealed record BuiltInRule(string Name, string Regex, string Example, string CounterExample);

/// <summary>The secrets that are known by their looks. Each begins with a text that is rare in logs, so that looking for them costs little.</summary>
internal static class BuiltInRules
{
    private const string KeySeparator = @"(?:\\{0,3}[""'])?[ \t]{0,8}[=:, \t][ \t]{0,8}(?:\\{0,3}[""'])?";

    // A newline as such, as JSON and Java's properties write it, or the blanks of a key that was put into one line.
    private const string KeyLine = @"(?:(?:(?:\\{1,4}r)?\\{1,4}n|\r?\n| )[ \t]*)";

    // A character of base64, also as JSON may write it.
    private const string Base64 = @"(?:[A-Za-z0-9+/]|\\{1,2}(?:u002[BbFf]|/))";

    // Behind the key: its quote, if it has one, and a sign that gives it a value. Behind a lone colon stands a sentence more often than a secret.
    private const string Gives = @"(?:(?:\\{0,3}[""'])?[ \t]*:?=>?[ \t]*|\\{0,3}[""'][ \t]*:[ \t]*)";
    private const string GivesUnquoted = @"(?:\\{0,3}[""'])?[ \t]*:?=>?[ \t]*";

    // The part that is secret is empty: found, and left alone. It stands first, so it is preferred.
    private const string Call = @"[A-Za-z_][A-Za-z0-9_.]*\((?:\)|\\{0,3}[""'])(?<secret>)";

    private static readonly string QuotedValue = $"[bu]?(?:{Quoted("\"")}|{Quoted("'")})";

    /// <summary>A value in quotes. An escape is part of it, also in JSON that is text within JSON.</summary>
    private static string Quoted(string quote)
    {
        var plain = $@"[^{quote}\r\n\\";
        string Value(string escape) => $@"(?<secret>(?:{plain}*]|{escape})(?:{plain}]|{escape})*)";
        return $@"{quote}{Value(@"\\[^\r\n]")}"
            + $@"|\\{quote}{Value($@"\\{plain}]|\\\\(?:{plain}]|\\[^\r\n])")}"
            + $@"|\\{{2,3}}{quote}{Value($@"\\+{plain}]")}";
    }

    /// <summary>What stands behind the key: <c>=value</c>, <c>= 'a value'</c>, <c>": "value"</c>. What begins with <c>*</c> is masked already.</summary>
    private static string PasswordValue(string notFirst) =>
        $@"(?:{Gives}{QuotedValue}|{GivesUnquoted}(?:{Call}|(?<secret>[^\s;&""'=\\{notFirst}][^\s;&""']*)))";

    public static IReadOnlyList<BuiltInRule> All { get; } =
    [
        new("aws-access-key", @"(?:AKIA|ASIA)[A-Z0-9]{16}\b", "key AKIAIOSFODNN7EXAMPLE is used", "AKIAKI is a name"),
        new("aws-secret-key",
            $"(?i)(?:(?:aws_?secret_?(?:access_?)?key|secret_?access_?key){KeySeparator}(?<secret>{Base64}{{40}})"
            + $@"|(?:aws_?)?session_?token{Gives}(?:\\{{0,3}}[""'])?(?<secret>{Base64}{{20,}}={{0,2}})"
            + $@"|fs\.s3[an]\.(?:bucket\.[a-z0-9.-]+\.)?(?:secret\.key|session\.token){KeySeparator}(?<secret>[^\s""',;)*][^\s""',;)]{{7,}}))",
            "aws_secret_access_key = wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", "spark.hadoop.fs.s3a.secret.key=*********(redacted)"),
        new("azure-storage-key",
            $@"(?i)(?:AccountKey=|fs\.azure\.account\.key\.[a-z0-9.-]+{KeySeparator})(?<secret>{Base64}{{40,}}={{0,2}})",
            "AccountName=logs;AccountKey=Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==", "AccountKey=missing"),
        new("azure-sas", @"(?i)(?:[?&;]|\\u0026)sig=(?<secret>[A-Za-z0-9%+/=_-]{20,})", "https://x.blob.core.windows.net/c?sv=2024&sig=b2dUkL3%2Fq0Zc8mXr4YtVw1N9pAe7sHg%3D", "?sig=none"),
        new("google-api-key", @"(?:AIza[0-9A-Za-z_-]{35}\b|ya29\.[0-9A-Za-z_.-]{19,}[0-9A-Za-z_-])", "key=AIzaSyA-1234567890abcdefghijklmnopqrstu ok", "AIza is a prefix"),
        new("github-token", "(?:(?:ghp|gho|ghu|ghs|ghr)_[A-Za-z0-9]{36,}|github_pat_[A-Za-z0-9_]{22,})", "cloning with ghp_16C7e42F292c6912E7710c838347Ae178B4a", "ghp_short"),
        new("gitlab-token", "glpat-[A-Za-z0-9_-]{20,}", "PRIVATE-TOKEN: glpat-Xy7_abcdEFGH1234-z9q", "glpat-none"),
        new("slack-token", "xox[baprs]-[A-Za-z0-9-]{10,}", "posting with xoxb-123456789012-abcdefGHIJKL", "xoxo-hugs-and-kisses"),
        new("bearer-token",
            @"(?:(?i:authorization(?:\\{0,3}[""'])?[ \t]{0,4}[:=][ \t]{0,4}(?:\\{0,3}[""'])?(?:bearer|basic|token)[ \t]{1,4})(?<secret>[A-Za-z0-9._~+/=-]{8,})|Bearer (?<secret>[A-Za-z0-9._~+/=-]{24,}))",
            "Authorization: Bearer mF_9.B5f-4.1JqM", "Bearer authentication failed"),
        new("jwt", @"eyJ[A-Za-z0-9_-]{8,}\.(?:[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}(?:\.[A-Za-z0-9_-]{8,}){0,2}|\.[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]{8,})",
            "token eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.dozjgNryP4J3jVmNHl0w5N_XgL0n3I9PlFUP0THsR8U", "eyJhbGciOiJIUzI1NiJ9 alone"),
        new("url-password", @"://[^\s/:@""'<>?#]*:(?:[0-9]{1,5}(?:,[A-Za-z0-9._-]+:[0-9]|;[A-Za-z0-9._-]+=)(?<secret>)|(?<secret>[^\s/""'<>?#*][^\s/""'<>?#]*)@)", "redis://:hunter2@cache:6379/0", "http://10.0.0.1:8080/path@v2"),
        new("jdbc-password", @"(?i)jdbc:oracle:[a-z0-9]{1,8}:[^\s/@""']+/(?<secret>[^\s@""'*][^\s@""']*)@", "jdbc:oracle:thin:scott/tiger@db:1521:orcl", "jdbc:oracle:thin:@//db:1521/service"),
        new("password", $"(?i)(?:(?:password|passwd|passphrase){PasswordValue("*")}|pwd{PasswordValue("*/")})", "jdbc:postgresql://db/logs?user=etl&password=hunter2&ssl=true", "password: changed"),
        new("api-key",
            $@"(?i)(?:access_?token|refresh_?token|client_?secret|api[_-]?key)(?:{Gives}[bu]?\\{{0,3}}[""'](?<secret>(?:[^\s""'\\*]|\\[^\s""'\\])(?:[^\s""'\\]|\\[^\s""'\\]){{7,}})"
            + $@"|{GivesUnquoted}(?:{Call}|(?<secret>[A-Za-z0-9._~+/%=-]{{8,}})))",
            "POST /token?client_secret=Zm9vYmFyYmF6&x=1", "api_key=none"),
        new("private-key",
            $"-----BEGIN (?:[A-Z0-9]{{1,12}} ){{0,4}}PRIVATE KEY(?: BLOCK)?-----(?:{KeyLine}+[A-Z][A-Za-z-]{{1,20}}: [^\\r\\n\\\\]*)*(?:{KeyLine}*[A-Za-z0-9+/=]{{16,}})+"
            + $"(?:(?:{KeyLine}+[A-Za-z0-9+/=]{{1,15}}){{0,2}}{KeyLine}*-----END [A-Z0-9 ]{{1,60}}-----)?",
            "-----BEGIN RSA PRIVATE KEY-----\nMIIEowIBAAKCAQEAzIn0\nQyqJ\n-----END RSA PRIVATE KEY-----", "-----BEGIN PRIVATE KEY----- is missing"),
    ];

    public static IEnumerable<RuleDefinition> Definitions => All.Select(rule => RuleDefinition.FromRegex(rule.Name, rule.Regex));
}
