using CircuitLasso.Numerics;

namespace CircuitLasso.Regression;

/// <summary>How it is decided whether y can be predicted.</summary>
public sealed record PredictabilityOptions
{
    /// <summary>Number of shuffles of the labels; default 10, at least one.</summary>
    public int Shuffles { get; init; } = 10;

    /// <summary>The seed of the shuffles; default 0.</summary>
    public ulong Seed { get; init; }

    /// <summary>The lambdas tried: 20 down to 0.02 of the largest, at a tolerance of 1e-4. Shares of each target's own largest lambda.</summary>
    public LambdaPathOptions Path { get; init; } = new() { Ratio = 0.02, PerTarget = true, Solver = new SolverOptions { Tolerance = 1e-4 } };

    /// <summary>When the readout that is handed out stops; default a relative gap of 1e-6.</summary>
    public SolverOptions Readout { get; init; } = new();

    internal void Check(int rows, FoldAssignment folds)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(Shuffles, 1);
        if (folds.Folds < 3)
        {
            throw new InputException("folds", "lambda is chosen inside the other folds, which takes at least three", "use three folds or more");
        }

        if (folds.Groups is { } groups && groups.Rows != rows)
        {
            throw new ArgumentException($"the groups are of {groups.Rows} rows and not of {rows}", nameof(folds));
        }

        if (folds.CountUnits(rows) <= (long)(folds.Folds - 1) * folds.ConsecutiveRows)
        {
            string units = folds.Groups is null ? "rows" : "texts or other groups of rows";
            throw new InputException("folds", $"{folds.CountUnits(rows)} {units} leave a fold of {folds.Folds} empty", "give more, or use fewer folds or shorter runs");
        }
    }
}
