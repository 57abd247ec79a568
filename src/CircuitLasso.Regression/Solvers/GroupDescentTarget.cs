namespace CircuitLasso.Regression;

/// <summary>One target of <see cref="GroupDescentSolver"/>, and the memory that the next target uses again. For one thread.</summary>
internal sealed class GroupDescentTarget(BlockProblem problem, GroupedProblem grouped, SolverOptions options)
{
    private const int FirstWorkingSet = 10;
    private readonly double[] _q = new double[problem.Columns];
    private readonly double[] _w = new double[problem.Columns];
    private readonly bool[] _isWorking = new bool[grouped.Groups.Count];
    private readonly PackedGroupLasso _packed = new();
    private readonly List<(double Violation, int Group)> _violators = [];

    /// <summary>Minimises ||y - X w||^2 + lambda sum of weight_g ||w_g|| over the groups that the target may use.</summary>
    public (SparseVector? Coefficients, TargetCertificate Certificate) Solve(int target, double lambda, SparseColumns? warmStart)
    {
        double nullLoss = problem.NullLoss(target);
        if (nullLoss == 0 || grouped.MaximumLambda(target) <= lambda)
        {
            return (null, new TargetCertificate(target, lambda, nullLoss, nullLoss, nullLoss, nullLoss, 0, true));
        }

        Start(target, lambda, warmStart);
        int iterations = 0, size = Math.Max(FirstWorkingSet, _packed.Groups);
        while (true)
        {
            TargetCertificate certificate = Measure(target, lambda, nullLoss, iterations);
            if (certificate.Converged || iterations >= options.MaximumIterations)
            {
                return (SparseVector.FromDense(_w), certificate);
            }

            size = Math.Max(size, 2 * _packed.Groups);
            Grow(target, lambda, size - _packed.Groups);
            double innerTolerance = Math.Max(0.3 * options.Tolerance, 0.1 * certificate.RelativeGap);
            int passes = _packed.Minimise(nullLoss, lambda, innerTolerance, options.MaximumIterations - iterations);

            // A pass that found nothing to do still counts, so that the loop ends even where rounding keeps the gap above the tolerance.
            iterations += Math.Max(1, passes);
            for (int i = 0; i < _packed.Count; i++)
            {
                _w[_packed.ColumnAt(i)] = _packed.Weights[i];
            }
        }
    }

    private void Start(int target, double lambda, SparseColumns? warmStart)
    {
        Array.Clear(_w);
        Array.Clear(_isWorking);
        _packed.Clear();
        if (warmStart is null)
        {
            return;
        }

        ReadOnlySpan<int> rows = warmStart.RowsOf(target);
        for (int i = 0; i < rows.Length; i++)
        {
            _w[rows[i]] = warmStart.ValuesOf(target)[i];
        }

        foreach (int group in grouped.Allowed(target))
        {
            if (grouped.Norm(_w, group) > 0)
            {
                Include(target, lambda, group);
            }
        }
    }

    private void Include(int target, double lambda, int group)
    {
        _isWorking[group] = true;
        _packed.Add(problem, target, grouped.Groups.Columns(group), grouped.Block(group), grouped.Groups.Weight(group), lambda, _w);
    }

    /// <summary>Computes q afresh over the allowed columns and the certificate from it.</summary>
    private TargetCertificate Measure(int target, double lambda, double nullLoss, int iterations)
    {
        ReadOnlySpan<double> products = problem.GramRow(target);
        foreach (ColumnRange range in problem.Allowed(target))
        {
            Span<double> q = _q.AsSpan(range.Start, range.Length);
            products.Slice(range.Start, range.Length).CopyTo(q);
            for (int i = 0; i < _packed.Count; i++)
            {
                double weight = _packed.Weights[i];
                if (weight != 0)
                {
                    VectorLoops.AddScaled(-weight, problem.GramRow(_packed.ColumnAt(i)).Slice(range.Start, range.Length), q);
                }
            }
        }

        _packed.Refresh(_q);
        (double primal, double dual, double loss) = _packed.Evaluate(nullLoss, lambda, grouped.LargestRatio(target, _q));
        TargetCertificate certificate = new(target, lambda, loss, primal, dual, nullLoss, iterations, false);
        return certificate with { Converged = certificate.RelativeGap <= options.Tolerance };
    }

    /// <summary>Takes the groups that violate ||q_g|| at most lambda / 2 weight_g most into the working set, at most so many.</summary>
    private void Grow(int target, double lambda, int room)
    {
        _violators.Clear();
        foreach (int group in grouped.Allowed(target))
        {
            double ratio = grouped.Norm(_q, group) / grouped.Groups.Weight(group);
            if (ratio > lambda / 2 && !_isWorking[group])
            {
                _violators.Add((ratio, group));
            }
        }

        _violators.Sort(static (a, b) => a.Violation != b.Violation ? b.Violation.CompareTo(a.Violation) : a.Group.CompareTo(b.Group));
        foreach ((_, int group) in _violators.Take(Math.Max(room, FirstWorkingSet)))
        {
            Include(target, lambda, group);
        }

        _packed.Refresh(_q);
    }
}
