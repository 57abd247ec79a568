namespace CircuitLasso.Regression;

/// <summary>One target of <see cref="CoordinateDescentSolver"/>, and the memory that the next target uses again. For one thread.</summary>
internal sealed class CoordinateDescentTarget(BlockProblem problem, SolverOptions options)
{
    private const int FirstWorkingSet = 10;
    private readonly double[] _q = new double[problem.Columns];
    private readonly double[] _w = new double[problem.Columns];
    private readonly bool[] _isWorking = new bool[problem.Columns];
    private readonly PackedLasso<double> _packed = new();
    private readonly List<(double Violation, int Column)> _violators = [];

    /// <summary>Minimises ||y - X w||^2 + lambda ||w||_1 over the columns that the target may use.</summary>
    public (SparseVector? Coefficients, TargetCertificate Certificate) Solve(int target, double lambda, SparseColumns? warmStart)
    {
        double nullLoss = problem.NullLoss(target);
        if (nullLoss == 0 || problem.MaximumLambda(target) <= lambda)
        {
            return (null, new TargetCertificate(target, lambda, nullLoss, nullLoss, nullLoss, nullLoss, 0, true));
        }

        double mu = lambda / 2;
        Start(target, warmStart);
        int iterations = 0, size = Math.Max(FirstWorkingSet, _packed.Count);
        TargetCertificate certificate;
        while (true)
        {
            certificate = Measure(target, lambda, nullLoss, iterations);
            if (certificate.Converged || iterations >= options.MaximumIterations)
            {
                break;
            }

            size = Math.Max(size, 2 * _packed.Count);
            Grow(target, mu, size - _packed.Count);
            double innerTolerance = Math.Max(0.3 * options.Tolerance, 0.1 * certificate.RelativeGap);
            int passes = _packed.Minimise(nullLoss, lambda, innerTolerance, options.MaximumIterations - iterations);

            // A pass that found nothing to do still counts, so that the loop ends even where rounding keeps the gap above the tolerance.
            iterations += Math.Max(1, passes);
            for (int i = 0; i < _packed.Count; i++)
            {
                _w[_packed.Columns[i]] = _packed.Weights[i];
            }
        }

        SparseVector result = SparseVector.FromDense(_w);
        return (result, certificate);
    }

    private void Start(int target, SparseColumns? warmStart)
    {
        Array.Clear(_w);
        Array.Clear(_isWorking);
        _packed.Clear();
        if (warmStart is not null)
        {
            ReadOnlySpan<int> rows = warmStart.RowsOf(target);
            ReadOnlySpan<double> values = warmStart.ValuesOf(target);
            for (int i = 0; i < rows.Length; i++)
            {
                _w[rows[i]] = values[i];
                Include(target, rows[i]);
            }
        }
    }

    private void Include(int target, int column)
    {
        _isWorking[column] = true;
        ReadOnlySpan<double> gram = problem.GramRow(column);
        Span<double> row = _packed.Add(column, problem.GramRow(target)[column], _q[column], _w[column]);
        for (int i = 0; i < row.Length; i++)
        {
            row[i] = gram[_packed.Columns[i]];
        }

        _packed.Mirror(_packed.Count - 1);
    }

    /// <summary>Computes q afresh over the allowed columns and the certificate from it.</summary>
    private TargetCertificate Measure(int target, double lambda, double nullLoss, int iterations)
    {
        ReadOnlySpan<double> products = problem.GramRow(target);
        double largest = 0;
        foreach (ColumnRange range in problem.Allowed(target))
        {
            Span<double> q = _q.AsSpan(range.Start, range.Length);
            products.Slice(range.Start, range.Length).CopyTo(q);
            for (int i = 0; i < _packed.Count; i++)
            {
                double weight = _packed.Weights[i];
                if (weight != 0)
                {
                    VectorLoops.AddScaled(-weight, problem.GramRow(_packed.Columns[i]).Slice(range.Start, range.Length), q);
                }
            }

            largest = Math.Max(largest, VectorLoops.LargestMagnitude(q));
        }

        _packed.Refresh(_q);
        double norm = 0, explained = 0, fitted = 0;
        for (int i = 0; i < _packed.Count; i++)
        {
            int column = _packed.Columns[i];
            double weight = _packed.Weights[i];
            norm += Math.Abs(weight);
            explained += weight * products[column];
            fitted += weight * _q[column];
        }

        // y'r = y'y - w'X'y and r'r = y'r - w'q.
        double targetTimesResidual = nullLoss - explained;
        double loss = Math.Max(0, targetTimesResidual - fitted);
        (double primal, double dual) = SquaredLoss.Evaluate(loss, targetTimesResidual, largest, norm, lambda);
        TargetCertificate certificate = new(target, lambda, loss, primal, dual, nullLoss, iterations, false);
        return certificate with { Converged = certificate.RelativeGap <= options.Tolerance };
    }

    /// <summary>Takes the worst violators of |q| at most mu into the working set, at most so many.</summary>
    private void Grow(int target, double mu, int room)
    {
        _violators.Clear();
        foreach (ColumnRange range in problem.Allowed(target))
        {
            for (int j = range.Start; j < range.End; j++)
            {
                double size = Math.Abs(_q[j]);
                if (size > mu && !_isWorking[j] && problem.NullLoss(j) > 0)
                {
                    _violators.Add((size, j));
                }
            }
        }

        _violators.Sort(static (a, b) => a.Violation != b.Violation ? b.Violation.CompareTo(a.Violation) : a.Column.CompareTo(b.Column));
        foreach ((_, int column) in _violators.Take(Math.Max(room, FirstWorkingSet)))
        {
            Include(target, column);
        }
    }
}
