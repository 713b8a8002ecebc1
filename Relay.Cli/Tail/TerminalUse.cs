using Relay.Contracts;
using Relay.Terminal;

namespace Relay.Cli.Tail;

/// <summary>What a tail does for the terminals that it writes to.</summary>
internal sealed class TerminalUse
{
    private readonly StandardStreams _streams;
    private readonly TailOptions _options;
    private readonly bool _dumb;
    private readonly bool _noColour;

    public TerminalUse(TailOptions options, StandardStreams streams, Func<string, string?> environment)
    {
        (_options, _streams) = (options, streams);
        _dumb = environment("TERM") is null or "" or "dumb";
        _noColour = environment("NO_COLOR") is { Length: > 0 };
        LiveRowOn = FindLiveRow();
    }

    /// <summary>The output on whose terminal there is a live row; <c>null</c> for none.</summary>
    public OutputType? LiveRowOn { get; }

    /// <summary>Whether a status line is shown. Beside a pipe there is none: what reads the pipe may write to the same terminal.</summary>
    public bool HasStatus => _options.Status && LiveRowOn == OutputType.Stderr && (_streams.OutIsTerminal || _streams.OutIsFile);

    /// <summary>Whether both outputs are painted on one terminal.</summary>
    public bool IsShared => IsPainted(OutputType.Stdout) && _streams is { OutIsTerminal: true, ErrorIsTerminal: true };

    /// <summary>Whether colours of the job pass to a terminal.</summary>
    public bool KeepsColours => _options.Colours == ColourUse.Always || (_options.Colours == ColourUse.Auto && !_dumb);

    /// <summary>Whether lines are made safe and may be coloured.</summary>
    public bool IsPainted(OutputType output) =>
        !_options.Raw && !_options.Json && (IsTerminal(output) || _options.Colours == ColourUse.Always);

    public bool AddsColours(OutputType output) => _options.Colours switch
    {
        ColourUse.Always => true,
        ColourUse.Auto => IsTerminal(output) && !_noColour && !_dumb,
        _ => false,
    };

    /// <summary>Whether lines of this output stand on the terminal that has the live row.</summary>
    public bool HasLiveRow(OutputType output) => LiveRowOn is { } on && (on == output || IsShared);

    private OutputType? FindLiveRow() =>
        _dumb || _options.Raw ? null
        : _streams.ErrorIsTerminal && (!_options.Json || !_streams.OutIsTerminal) ? OutputType.Stderr
        : IsPainted(OutputType.Stdout) && _streams.OutIsTerminal ? OutputType.Stdout
        : null;

    private bool IsTerminal(OutputType output) => output == OutputType.Stderr ? _streams.ErrorIsTerminal : _streams.OutIsTerminal;
}
