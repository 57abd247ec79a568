using CircuitLasso.Numerics;

namespace CircuitLasso.Regression;

/// <summary>
/// Which fold a row belongs to, by its index alone: row r is in fold floor(r / <see cref="ConsecutiveRows"/>) mod <see cref="Folds"/>.
/// Neighbouring rows (sentences of one source, minimally different twins) stay together, so that no row is predicted from its neighbour.
/// </summary>
public sealed class FoldAssignment
{
    /// <summary>Creates an assignment.</summary>
    /// <param name="folds">Number of folds, at least two.</param>
    /// <param name="consecutiveRows">How many rows in a row go to one fold, at least one.</param>
    /// <exception cref="ArgumentOutOfRangeException">A value is too small.</exception>
    public FoldAssignment(int folds, int consecutiveRows)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(folds, 2);
        ArgumentOutOfRangeException.ThrowIfLessThan(consecutiveRows, 1);
        Folds = folds;
        ConsecutiveRows = consecutiveRows;
    }

    /// <summary>Number of folds.</summary>
    public int Folds { get; }

    /// <summary>Rows in a row that share a fold.</summary>
    public int ConsecutiveRows { get; }

    /// <summary>The default for a known number of rows: runs of rows / (8 folds) rows, at least 1 and at most 256, so that each fold holds about eight runs or more.</summary>
    /// <param name="rows">Number of rows.</param>
    /// <param name="folds">Number of folds, at least two.</param>
    /// <exception cref="InputException">There are fewer rows than folds.</exception>
    public static FoldAssignment ForRows(long rows, int folds = 5)
    {
        if (rows < folds)
        {
            throw new InputException("folds", $"{folds} folds need at least as many rows, and there are {rows}", "give more rows or fewer folds");
        }

        return new FoldAssignment(folds, (int)Math.Clamp(rows / (8L * folds), 1, 256));
    }

    /// <summary>The fold of a row.</summary>
    /// <param name="row">The row, from 0.</param>
    public int FoldOf(long row) => (int)(row / ConsecutiveRows % Folds);
}
