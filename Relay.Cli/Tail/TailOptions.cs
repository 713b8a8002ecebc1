using System.Text.RegularExpressions;
using Relay.Cli.Tail.Reading;
using Relay.Client;

namespace Relay.Cli.Tail;

/// <summary>When colours are used.</summary>
internal enum ColourUse
{
    /// <summary>On a terminal that can show them, unless NO_COLOR is set.</summary>
    Auto,

    /// <summary>Also into pipes and files.</summary>
    Always,

    /// <summary>Nowhere.</summary>
    Never,
}

/// <summary>What a command line of <c>relay tail</c> asks for.</summary>
internal sealed record TailOptions
{
    public required RelayClientOptions Relay { get; init; }

    /// <summary>At least one.</summary>
    public required IReadOnlyList<SessionPattern> Sessions { get; init; }

    /// <summary>How each session is read.</summary>
    public ReadOptions Read { get; init; } = new();

    public bool Timestamps { get; init; }

    public bool Prefix { get; init; }

    public Regex? Grep { get; init; }

    /// <summary>Lines shown before and after one that matches.</summary>
    public int Before { get; init; }

    public int After { get; init; }

    public bool Json { get; init; }

    public bool Raw { get; init; }

    public ColourUse Colours { get; init; }

    /// <summary>Whether a terminal has a status line.</summary>
    public bool Status { get; init; } = true;

    /// <summary>Whether exactly one session is meant.</summary>
    public bool IsSingle => Sessions is [{ IsGlob: false }];

    /// <summary>Whether bytes have to be made lines, wherever they go.</summary>
    public bool NeedsLines => Timestamps || Prefix || Grep is not null || Json || !IsSingle;
}
