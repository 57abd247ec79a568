namespace CircuitLasso.Regression;

/// <summary>How <see cref="FistaSolver"/> runs; the defaults are the paper's algorithm.</summary>
public sealed record FistaOptions
{
    /// <summary>
    /// Adaptive restart by the gradient scheme (O'Donoghue and Candes 2015, section 3.2): a target whose step turns against its momentum,
    /// (Y(k) - A(k)) . (A(k) - A(k-1)) above zero, starts again with t = 1 and no momentum. Targets are problems of their own, so each
    /// restarts for itself. Default false: the paper never restarts.
    /// </summary>
    public bool Restart { get; init; }

    /// <summary>Iterations from one measurement of the gaps to the next; default 10, at least one. A measurement costs about one iteration.</summary>
    public int IterationsBetweenChecks { get; init; } = 10;

    /// <summary>Told about each measurement, the one before the first iteration too, on the thread that solves; null for nobody.</summary>
    public IProgress<FistaProgress>? Progress { get; init; }
}
