using Microsoft.Extensions.Options;

namespace Relay.Server;

internal static class OptionsValidation
{
    /// <summary>Refuses to start when a value is out of range, naming its key, the range and what it was.</summary>
    public static OptionsBuilder<TOptions> ValidateRange<TOptions, TValue>(
        this OptionsBuilder<TOptions> builder, Func<TOptions, TValue> value, string key, TValue least, TValue most)
        where TOptions : class
        where TValue : IComparable<TValue>
    {
        builder.Services.AddSingleton<IValidateOptions<TOptions>>(new RangeRule<TOptions, TValue>(value, key, least, most));
        return builder;
    }

    /// <summary>What is wrong with the values of a section, a line each; empty when the options can be used.</summary>
    public static IEnumerable<string> FaultsOf<TOptions>(IServiceProvider services, string section)
        where TOptions : class
    {
        var configuration = services.GetRequiredService<IConfiguration>().GetSection(section);
        var known = typeof(TOptions).GetProperties().Select(property => property.Name).ToList();
        var unknown = configuration.GetChildren().Where(child => !known.Contains(child.Key, StringComparer.OrdinalIgnoreCase)).ToList();
        if (unknown.Count > 0)
        {
            return unknown.Select(child => $"{section}:{child.Key} is not a setting. Known are {string.Join(", ", known)}.");
        }

        var bareNumbers = typeof(TOptions).GetProperties()
            .Where(property => property.PropertyType == typeof(TimeSpan) && long.TryParse(configuration[property.Name], out _))
            .Select(property => $"{section}:{property.Name} must be a time such as 00:00:05; a bare {configuration[property.Name]} would mean days.")
            .ToList();
        if (bareNumbers.Count > 0)
        {
            return bareNumbers;
        }

        try
        {
            _ = services.GetRequiredService<IOptions<TOptions>>().Value;
            return [];
        }
        catch (OptionsValidationException e)
        {
            return e.Failures;
        }
        catch (InvalidOperationException e)
        {
            return [Explain(e)];
        }
    }

    /// <summary>Says in one line which value could not be read, and what it must be.</summary>
    /// <param name="failure">What the configuration binder throws: "Failed to convert configuration value 'x' at 'Section:Key' to type 'T'."</param>
    private static string Explain(InvalidOperationException failure)
    {
        var quoted = failure.Message.Split('\'');
        if (quoted.Length < 6)
        {
            return failure.Message;
        }

        var (value, key, type) = (quoted[1], quoted[3], Type.GetType(quoted[5]));
        var expected = type is { IsEnum: true } ? $"one of {string.Join(", ", Enum.GetNames(type))}"
            : type == typeof(bool) ? "true or false"
            : type == typeof(TimeSpan) ? "a time such as 00:00:05"
            : "a number";
        return $"{key} must be {expected}; it is '{value}'.";
    }

    private sealed class RangeRule<TOptions, TValue>(Func<TOptions, TValue> value, string key, TValue least, TValue most) : IValidateOptions<TOptions>
        where TOptions : class
        where TValue : IComparable<TValue>
    {
        public ValidateOptionsResult Validate(string? name, TOptions options) =>
            value(options) is var actual && actual.CompareTo(least) >= 0 && actual.CompareTo(most) <= 0
                ? ValidateOptionsResult.Success
                : ValidateOptionsResult.Fail($"{key} must be between {least} and {most}; it is {actual}.");
    }
}
