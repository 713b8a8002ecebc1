namespace Relay.Contracts;

/// <summary>How bad a line says it is, from the least.</summary>
public enum LineLevel
{
    /// <summary>It does not say.</summary>
    None = 0,

    /// <summary>Trace, verbose.</summary>
    Trace = 1,

    /// <summary>Debug.</summary>
    Debug = 2,

    /// <summary>Information, notice.</summary>
    Info = 3,

    /// <summary>Warning.</summary>
    Warn = 4,

    /// <summary>Error, severe.</summary>
    Error = 5,

    /// <summary>Fatal, critical.</summary>
    Fatal = 6,
}
