using Relay.Redaction.Patterns;

namespace Relay.Redaction.Matching;

/// <summary>The bytes, sorted into classes that no step of a program tells apart.</summary>
internal sealed class ByteClasses
{
    public ByteClasses(MatchProgram program)
    {
        var sets = program.Steps.Where(step => step.Kind == StepKind.Take).Select(step => step.Set).Append(ByteSet.Word).Append(ByteSet.Of('\n')).Distinct().ToList();
        var numbers = new int[256];
        var count = 1;
        foreach (var set in sets)
        {
            // Split each class into its bytes within the set and those without.
            var split = new Dictionary<(int Class, bool IsIn), int>();
            for (var value = 0; value < 256; value++)
            {
                var key = (numbers[value], set.Contains(value));
                split.TryAdd(key, split.Count);
                numbers[value] = split[key];
            }

            count = split.Count;
        }

        OfByte = [.. numbers.Select(number => (byte)number)];
        Samples = [.. Enumerable.Range(0, count).Select(number => (byte)Array.IndexOf(numbers, number))];
    }

    /// <summary>The class of each byte.</summary>
    public byte[] OfByte { get; }

    /// <summary>A byte of each class.</summary>
    public byte[] Samples { get; }
}
