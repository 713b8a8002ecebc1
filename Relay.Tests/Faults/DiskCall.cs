namespace Relay.Tests.Faults;

/// <summary>What a program asks of a <see cref="SimulatedDisk"/>.</summary>
internal enum DiskOperation
{
    Open,
    Create,
    Read,
    Write,
    SetLength,
    Sync,
    Delete,
    Move,
    List,
    CreateFolder,
    DeleteFolder,
    MoveFolder,
    SyncFolder,
}

/// <summary>One call, before it is carried out.</summary>
/// <param name="Number">From 1, over the life of the disk.</param>
/// <param name="Operation">What is asked for.</param>
/// <param name="Path">The file or folder.</param>
/// <param name="Bytes">How many, where that means something.</param>
internal readonly record struct DiskCall(int Number, DiskOperation Operation, string Path, int Bytes)
{
    public override string ToString() => $"call {Number}, {Operation} {Path}{(Bytes > 0 ? $" {Bytes} bytes" : "")}";
}

/// <summary>How a call fails.</summary>
/// <param name="Error">The system's error number.</param>
/// <param name="Done">Of a write: how many bytes are written before.</param>
internal sealed record DiskFault(int Error, int Done = 0)
{
    public const int IoErrorNumber = 5;
    public const int TooManyFilesNumber = 24;
    public const int NoSpaceNumber = 28;

    public static readonly DiskFault IoError = new(IoErrorNumber);

    public static readonly DiskFault NoSpace = new(NoSpaceNumber);

    public static readonly DiskFault TooManyFiles = new(TooManyFilesNumber);

    public IOException ToException(DiskCall call) =>
        new($"{Text} ({call})") { HResult = Error };

    private string Text => Error switch
    {
        NoSpaceNumber => "No space left on device",
        TooManyFilesNumber => "Too many open files",
        _ => "Input/output error",
    };
}
