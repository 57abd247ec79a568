namespace CircuitLasso.Cli;

/// <summary>What the process ends with.</summary>
internal static class ExitCode
{
    /// <summary>Done.</summary>
    internal const int Done = 0;

    /// <summary>A defect of the program.</summary>
    internal const int Defect = 1;

    /// <summary>Something that the user gave is wrong.</summary>
    internal const int BadInput = 2;

    /// <summary>Finished, but a check or a certificate failed.</summary>
    internal const int CheckFailed = 3;

    /// <summary>Interrupted; what was done is kept.</summary>
    internal const int Interrupted = 130;
}
