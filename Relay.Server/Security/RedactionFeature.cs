using Microsoft.Extensions.Options;
using Relay.Redaction;

namespace Relay.Server.Security;

internal static class RedactionFeature
{
    public static WebApplicationBuilder AddRedaction(this WebApplicationBuilder builder)
    {
        builder.Services.AddOptions<RedactionOptions>()
            .BindConfiguration(RedactionOptions.Section)
            .ValidateRange(options => options.MinLength, "Redaction:MinLength", 1, RuleSources.MostLeastBytes);
        builder.Services.AddSingleton<IValidateOptions<RedactionOptions>, UsableRules>();
        builder.Services.AddSingleton<LogRedaction>();
        return builder;
    }

    /// <summary>Refuses to start with a rule that cannot be used, or with one that would mask nothing because all of it is off.</summary>
    private sealed class UsableRules(IConfiguration configuration) : IValidateOptions<RedactionOptions>
    {
        public ValidateOptionsResult Validate(string? name, RedactionOptions options)
        {
            var faults = new List<string>();
            if (configuration["Redaction:Regexes"] is { Length: > 0 })
            {
                faults.Add("Redaction:Regexes is a list: give its entries as Redaction:Regexes:0, Redaction:Regexes:1 and so on.");
            }

            if (!options.Enabled && (options.WordsFile.Length > 0 || options.Regexes.Length > 0))
            {
                faults.Add($"Redaction:{(options.WordsFile.Length > 0 ? "WordsFile" : "Regexes")} is set, but Redaction:Enabled is false, so nothing would be masked; set it to true.");
            }

            options.ReadRules(faults);
            return faults.Count > 0 ? ValidateOptionsResult.Fail(faults) : ValidateOptionsResult.Success;
        }
    }
}
