namespace CircuitLasso.Regression;

/// <summary>
/// Groups of columns of H that enter or leave an explanation together, such as the basis columns of one source; each with a weight. A column
/// is in one group at most. Immutable.
/// </summary>
public sealed class ColumnGroups
{
    private readonly int[][] _groups;
    private readonly double[] _weights;

    /// <summary>Checks and keeps the groups.</summary>
    /// <param name="groups">The columns of each group, in any order; every column that may explain something belongs to one.</param>
    /// <param name="weights">What each group's norm is multiplied by in the penalty, above zero; the square root of its size if null (Yuan and Lin 2006).</param>
    /// <exception cref="ArgumentException">A group is empty, a column is negative or in two places, or the weights are of another number or not positive.</exception>
    public ColumnGroups(IEnumerable<IEnumerable<int>> groups, IEnumerable<double>? weights = null)
    {
        _groups = [.. groups.Select(columns => columns.Order().ToArray())];
        _weights = weights is null ? [.. _groups.Select(columns => Math.Sqrt(columns.Length))] : [.. weights];
        if (weights is not null && (_weights.Length != _groups.Length || !Array.TrueForAll(_weights, weight => weight > 0 && double.IsFinite(weight))))
        {
            throw new ArgumentException($"there must be {_groups.Length} weights, each a positive number", nameof(weights));
        }

        HashSet<int> seen = [];
        for (int g = 0; g < _groups.Length; g++)
        {
            if (_groups[g].Length == 0)
            {
                throw new ArgumentException($"group {g} has no columns", nameof(groups));
            }

            foreach (int column in _groups[g])
            {
                if (column < 0 || !seen.Add(column))
                {
                    throw new ArgumentException($"column {column} of group {g} is {(column < 0 ? "negative" : "in two groups, or twice in one")}", nameof(groups));
                }
            }
        }
    }

    /// <summary>Number of groups.</summary>
    public int Count => _groups.Length;

    /// <summary>Columns 0 to <paramref name="columns"/> - 1 in groups of neighbours: what a source that expands into a fixed number of basis columns gives.</summary>
    /// <param name="columns">Number of columns, a multiple of the size.</param>
    /// <param name="size">Columns of each group, at least one.</param>
    /// <exception cref="ArgumentException">The columns are not whole groups.</exception>
    public static ColumnGroups Neighbours(int columns, int size)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(size, 1);
        return columns >= 0 && columns % size == 0
            ? new ColumnGroups(Enumerable.Range(0, columns / size).Select(g => Enumerable.Range(g * size, size)))
            : throw new ArgumentException($"{columns} columns are not whole groups of {size}", nameof(columns));
    }

    /// <summary>The columns of a group, ascending.</summary>
    /// <param name="group">The group, from 0.</param>
    public ReadOnlySpan<int> Columns(int group) => _groups[group];

    /// <summary>The weight of a group.</summary>
    /// <param name="group">The group, from 0.</param>
    public double Weight(int group) => _weights[group];

    /// <summary>The smallest lambda at which every coefficient of a target is zero: the largest of 2 ||X_g'y||_2 / weight_g.</summary>
    /// <param name="problem">The problem.</param>
    /// <param name="target">A target column.</param>
    /// <exception cref="ArgumentException">The groups do not fit the problem's blocks.</exception>
    public double MaximumLambda(BlockProblem problem, int target) => new GroupedProblem(problem, this).MaximumLambda(target);

    /// <summary>The smallest lambda at which all of A is zero.</summary>
    /// <param name="problem">The problem.</param>
    /// <exception cref="ArgumentException">The groups do not fit the problem's blocks.</exception>
    public double MaximumLambda(BlockProblem problem)
    {
        GroupedProblem grouped = new(problem, this);
        return problem.Targets.Max(grouped.MaximumLambda);
    }
}
