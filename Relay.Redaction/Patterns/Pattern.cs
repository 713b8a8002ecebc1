namespace Relay.Redaction.Patterns;

/// <summary>A regular expression over bytes, parsed.</summary>
internal abstract record Pattern
{
    /// <summary>Whether it can match without a single byte.</summary>
    public abstract bool CanBeEmpty { get; }

    /// <summary>Whether it is empty as it is written, so that repeating it means nothing.</summary>
    public virtual bool IsNothing => false;

    /// <summary>One byte of a set.</summary>
    internal sealed record One(ByteSet Set) : Pattern
    {
        public override bool CanBeEmpty => false;
    }

    internal sealed record Sequence(IReadOnlyList<Pattern> Items) : Pattern
    {
        public override bool CanBeEmpty => Items.All(item => item.CanBeEmpty);

        public override bool IsNothing => Items.All(item => item.IsNothing);
    }

    /// <summary>One of several, those that stand first being preferred.</summary>
    internal sealed record Choice(IReadOnlyList<Pattern> Items) : Pattern
    {
        public override bool CanBeEmpty => Items.Any(item => item.CanBeEmpty);

        public override bool IsNothing => Items.All(item => item.IsNothing);
    }

    /// <param name="Item">What is repeated.</param>
    /// <param name="Least">At least so many times.</param>
    /// <param name="Most">At most; null for no limit.</param>
    /// <param name="IsLazy">Whether fewer are preferred.</param>
    internal sealed record Repeat(Pattern Item, int Least, int? Most, bool IsLazy) : Pattern
    {
        public override bool CanBeEmpty => Least == 0 || Item.CanBeEmpty;
    }

    /// <summary>A condition on the bytes around a place.</summary>
    internal sealed record Place(PlaceKind Kind) : Pattern
    {
        public override bool CanBeEmpty => true;
    }

    /// <summary>The part that is the secret.</summary>
    internal sealed record Secret(Pattern Item) : Pattern
    {
        public override bool CanBeEmpty => Item.CanBeEmpty;

        public override bool IsNothing => Item.IsNothing;
    }
}

internal enum PlaceKind
{
    LineStart,
    LineEnd,
    WordEdge,
    NotWordEdge,
}

/// <summary>A rule that cannot be used; the message says what is wrong with it and what would be right.</summary>
internal sealed class RuleException(string message) : Exception(message);
