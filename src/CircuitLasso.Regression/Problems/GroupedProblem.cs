namespace CircuitLasso.Regression;

/// <summary>A problem seen by groups of columns: which groups may explain which target, and each group's part of G. Thread-safe.</summary>
internal sealed class GroupedProblem
{
    private readonly BlockProblem _problem;
    private readonly int[]?[] _allowed;
    private readonly Lazy<GroupBlock>[] _blocks;

    /// <summary>Checks that groups and blocks fit together.</summary>
    /// <exception cref="ArgumentException">A group reaches beyond the columns, may be used by a target in part only, or a column that may explain is in no group.</exception>
    public GroupedProblem(BlockProblem problem, ColumnGroups groups)
    {
        (_problem, Groups) = (problem, groups);
        for (int g = 0; g < groups.Count; g++)
        {
            if (groups.Columns(g)[^1] >= problem.Columns)
            {
                throw new ArgumentException($"group {g} holds column {groups.Columns(g)[^1]} of {problem.Columns}", nameof(groups));
            }
        }

        BlockOrder order = problem.Order;
        _allowed = [.. Enumerable.Range(0, order.Blocks.Count).Select(block => order.IsTarget(block) ? AllowedGroups(order, block) : null)];
        _blocks = [.. Enumerable.Range(0, groups.Count).Select(g => new Lazy<GroupBlock>(() => GroupBlock.Of(problem, groups.Columns(g))))];
    }

    public ColumnGroups Groups { get; }

    /// <summary>The groups that a target may use, ascending.</summary>
    public ReadOnlySpan<int> Allowed(int target) => _allowed[_problem.Order.BlockOf(target)];

    /// <summary>The part of G that belongs to a group, made when it is first asked for.</summary>
    public GroupBlock Block(int group) => _blocks[group].Value;

    /// <summary>2 max over the allowed groups of ||X_g'y|| / weight_g.</summary>
    public double MaximumLambda(int target) => 2 * LargestRatio(target, _problem.GramRow(target));

    /// <summary>Max over the allowed groups of ||q_g|| / weight_g, q being over all columns.</summary>
    public double LargestRatio(int target, ReadOnlySpan<double> q)
    {
        double largest = 0;
        foreach (int group in Allowed(target))
        {
            largest = Math.Max(largest, Norm(q, group) / Groups.Weight(group));
        }

        return largest;
    }

    /// <summary>||q_g||, q being over all columns.</summary>
    public double Norm(ReadOnlySpan<double> q, int group)
    {
        double squares = 0;
        ReadOnlySpan<int> columns = Groups.Columns(group);
        if (columns.Length == 1)
        {
            return Math.Abs(q[columns[0]]);
        }

        foreach (int column in columns)
        {
            squares += q[column] * q[column];
        }

        return Math.Sqrt(squares);
    }

    private int[] AllowedGroups(BlockOrder order, int targetBlock)
    {
        List<int> allowed = [];
        bool[] grouped = new bool[order.Columns];
        for (int g = 0; g < Groups.Count; g++)
        {
            int usable = 0;
            foreach (int column in Groups.Columns(g))
            {
                usable += order.IsAllowed(order.BlockOf(column), targetBlock) ? 1 : 0;
                grouped[column] = true;
            }

            if (usable > 0 && usable < Groups.Columns(g).Length)
            {
                throw new ArgumentException($"block '{order.Blocks[targetBlock].Name}' may be explained by part of group {g} only; groups must not reach across the order of the blocks");
            }

            if (usable > 0)
            {
                allowed.Add(g);
            }
        }

        for (int column = 0; column < order.Columns; column++)
        {
            if (!grouped[column] && order.IsAllowed(order.BlockOf(column), targetBlock))
            {
                throw new ArgumentException($"column {column} may explain block '{order.Blocks[targetBlock].Name}' and is in no group");
            }
        }

        return [.. allowed];
    }
}
