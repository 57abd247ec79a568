using CircuitLasso.Numerics;

namespace CircuitLasso.Regression;

/// <summary>
/// Which fold a row belongs to, by its index alone: row r is in fold floor(r / <see cref="ConsecutiveRows"/>) mod <see cref="Folds"/>.
/// Neighbouring rows (sentences of one source, minimally different twins) stay together, so that no row is predicted from its neighbour.
/// Where rows belong to groups (tokens of a text), whole groups take the place of rows: r is then the index of the row's group, and no group
/// is in two folds.
/// </summary>
/// <remarks>Groups of one row each have the folds of rows without groups. Immutable; safe for several threads.</remarks>
public sealed class FoldAssignment
{
    /// <summary>Creates an assignment.</summary>
    /// <param name="folds">Number of folds, at least two.</param>
    /// <param name="consecutiveRows">How many rows in a row go to one fold, at least one; of groups: how many groups.</param>
    /// <param name="groups">The rows that must stay together, or null where every row stands for itself.</param>
    /// <exception cref="ArgumentOutOfRangeException">A value is too small.</exception>
    public FoldAssignment(int folds, int consecutiveRows, RowGroups? groups = null)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(folds, 2);
        ArgumentOutOfRangeException.ThrowIfLessThan(consecutiveRows, 1);
        Folds = folds;
        ConsecutiveRows = consecutiveRows;
        Groups = groups;
    }

    /// <summary>Number of folds.</summary>
    public int Folds { get; }

    /// <summary>Rows in a row that share a fold; of groups: how many of them do.</summary>
    public int ConsecutiveRows { get; }

    /// <summary>The rows that stay together, or null where every row stands for itself.</summary>
    public RowGroups? Groups { get; }

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

        return new FoldAssignment(folds, Run(rows, folds));
    }

    /// <summary>The same default for groups of rows: runs of groups / (8 folds) groups, at least 1 and at most 256.</summary>
    /// <param name="groups">The rows that stay together.</param>
    /// <param name="folds">Number of folds, at least two.</param>
    /// <exception cref="InputException">There are fewer groups than folds.</exception>
    public static FoldAssignment ForGroups(RowGroups groups, int folds = 5)
    {
        ArgumentNullException.ThrowIfNull(groups);
        return groups.Count >= folds
            ? new FoldAssignment(folds, Run(groups.Count, folds), groups)
            : throw new InputException(
                "folds", $"{folds} folds need at least as many texts or other groups of rows, and the {groups.Rows} rows belong to {groups.Count}", "give more texts or fewer folds");
    }

    /// <summary>The fold of a row.</summary>
    /// <param name="row">The row, from 0.</param>
    /// <exception cref="ArgumentOutOfRangeException">There are groups, and no such row in them.</exception>
    public int FoldOf(long row) => (int)((Groups?.GroupOf(row) ?? row) / ConsecutiveRows % Folds);

    /// <summary>How many rows, or groups of them, are dealt out.</summary>
    internal long CountUnits(long rows) => Groups?.Count ?? rows;

    /// <summary>A permutation of the rows by a seed that keeps groups whole, and their rows in order.</summary>
    internal int[] Shuffle(int rows, ulong seed, ulong stream) =>
        Groups is null ? SeededPermutation.Of(rows, seed, stream) : Groups.Arrange(SeededPermutation.Of(Groups.Count, seed, stream));

    private static int Run(long units, int folds) => (int)Math.Clamp(units / (8L * folds), 1, 256);
}
