using System.CommandLine;
using System.CommandLine.Parsing;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Relay.Terminal;

/// <summary>The <c>--ca</c> option of all commands that reach a relay: who may have issued its certificate, instead of whom the system trusts.</summary>
internal sealed class RelayAuthorities
{
    private const string Variable = "RELAY_CA";

    private readonly string _file;

    private RelayAuthorities(string file) => _file = file;

    /// <summary>One or more.</summary>
    public X509Certificate2Collection Certificates { get; } = [];

    public static Option<RelayAuthorities?> CreateOption() => new("--ca")
    {
        Description = $"PEM file with the authorities that may have issued the relay's certificate, instead of the system's; also by ${Variable}.",
        HelpName = "FILE",
        CustomParser = result => Read("--ca", result.Tokens[0].Value, result),
        DefaultValueFactory = result => Environment.GetEnvironmentVariable(Variable) is { Length: > 0 } file ? Read($"${Variable}", file, result) : null,
    };

    public override string ToString() => _file;

    private static RelayAuthorities? Read(string name, string file, ArgumentResult result)
    {
        var authorities = new RelayAuthorities(file);
        if (authorities.Problem() is not { } problem)
        {
            return authorities;
        }

        result.AddError($"{name}: {problem}");
        return null;
    }

    private string? Problem()
    {
        try
        {
            Certificates.ImportFromPemFile(_file);
            return Certificates.Count > 0 ? null : $"'{_file}' has no certificate; it must be a PEM file (-----BEGIN CERTIFICATE-----).";
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            return $"there is no file '{_file}'.";
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException)
        {
            return $"'{_file}' cannot be read: {e.Message}";
        }
        catch (CryptographicException e)
        {
            return $"'{_file}' has a damaged certificate: {e.Message}";
        }
    }
}
