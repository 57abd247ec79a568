namespace CircuitLasso.Regression;

/// <summary>One solve of <see cref="ProximalNewtonSolver"/>. For one thread.</summary>
internal sealed partial class ProximalNewtonState
{
    private const int FirstWorkingSet = 20;
    private const int CyclesPerWorkingSet = 20;
    private const int RoundsWithoutProgress = 20;
    private readonly DenseDesign _design;
    private readonly SolverOptions _options;
    private readonly double _lambda;
    private readonly int _rows;
    private readonly int _classes;
    private readonly double[][] _w;
    private readonly double[][] _gradient;
    private readonly List<int>[] _working;
    private readonly bool[][] _isWorking;
    private readonly ClassificationPoint _point;
    private readonly PackedLasso<double> _packed = new();
    private readonly double[] _step;
    private int _iterations;

    public ProximalNewtonState(DenseDesign design, IClassificationLoss loss, double lambda, SolverOptions options, ClassificationSolution? warmStart)
    {
        (_design, _lambda, _options) = (design, lambda, options);
        (_rows, _classes) = (design.Rows, loss.ScoreColumns);
        _w = [.. Enumerable.Range(0, _classes).Select(_ => new double[design.Columns])];
        _gradient = [.. Enumerable.Range(0, _classes).Select(_ => new double[design.Columns])];
        _isWorking = [.. Enumerable.Range(0, _classes).Select(_ => new bool[design.Columns])];
        _working = [.. Enumerable.Range(0, _classes).Select(_ => new List<int>())];
        _step = new double[_rows];
        _point = new ClassificationPoint(loss, hasIntercepts: true);
        if (warmStart is not null && _point.HasSeveralClasses)
        {
            for (int c = 0; c < _classes; c++)
            {
                _point.Intercepts[c] = double.IsFinite(_point.Intercepts[c]) ? warmStart.ScaledIntercepts[c] : _point.Intercepts[c];
                for (int i = 0; i < warmStart.ScaledCoefficients.RowsOf(c).Length && double.IsFinite(_point.Intercepts[c]); i++)
                {
                    int j = warmStart.ScaledCoefficients.RowsOf(c)[i];
                    _w[c][j] = warmStart.ScaledCoefficients.ValuesOf(c)[i];
                    Include(c, j);
                }
            }

            FillScores();
        }
    }

    public double LargestGradient()
    {
        double largest = 0;
        for (int c = 0; c < _classes; c++)
        {
            for (int j = 0; j < _design.Columns; j++)
            {
                _gradient[c][j] = VectorLoops.Dot(_design.Column(j), _point.Residuals(c));
                largest = Math.Max(largest, Math.Abs(_gradient[c][j]));
            }
        }

        return largest;
    }

    public ClassificationSolution Run(CancellationToken cancellationToken)
    {
        TargetCertificate certificate;
        double smallestGap = double.PositiveInfinity;
        int withoutProgress = 0;
        while (true)
        {
            cancellationToken.ThrowIfCancellationRequested();
            _point.MinimiseIntercepts();
            certificate = Certify(LargestGradient());
            if (certificate.Converged || _iterations >= _options.MaximumIterations)
            {
                break;
            }

            bool progress = Grow() || certificate.Gap < 0.9 * smallestGap;
            smallestGap = progress ? certificate.Gap : smallestGap;
            withoutProgress = progress ? 0 : withoutProgress + 1;
            if (withoutProgress > RoundsWithoutProgress)
            {
                // Rounding allows no more: report the gap as it is.
                break;
            }

            // The gap falls with the distance to the minimum, the objective with its square.
            double aim = 0.1 * certificate.RelativeGap * certificate.RelativeGap * _point.NullLoss;
            for (int cycle = 0; cycle < CyclesPerWorkingSet && _iterations < _options.MaximumIterations; cycle++)
            {
                double decrease = 0;
                for (int c = 0; c < _classes; c++)
                {
                    decrease += _working[c].Count > 0 ? NewtonStep(c) : 0;
                }

                _iterations++;
                if (decrease <= aim)
                {
                    break;
                }
            }
        }

        return new ClassificationSolution(_design, SparseColumns.FromColumns(_design.Columns, [.. _w.Select(w => SparseVector.FromDense(w))]), [.. _point.Intercepts], certificate);
    }

    private void FillScores()
    {
        _point.Restart();
        for (int c = 0; c < _classes; c++)
        {
            foreach (int j in _working[c])
            {
                VectorLoops.AddScaled(_w[c][j], _design.Column(j), _point.Scores(c));
            }
        }

        _point.Evaluate();
    }

    private void Include(int c, int j)
    {
        _isWorking[c][j] = true;
        _working[c].Add(j);
    }

    private bool Grow()
    {
        bool grown = false;
        for (int c = 0; c < _classes; c++)
        {
            int room = Math.Max(FirstWorkingSet, _working[c].Count);
            IEnumerable<int> violators = Enumerable.Range(0, _design.Columns)
                .Where(j => !_isWorking[c][j] && Math.Abs(_gradient[c][j]) > _lambda)
                .OrderByDescending(j => Math.Abs(_gradient[c][j]))
                .Take(room);
            foreach (int j in violators.ToArray())
            {
                Include(c, j);
                grown = true;
            }
        }

        return grown;
    }

    private TargetCertificate Certify(double largest) =>
        _point.Certify(0, _lambda, _w.Sum(w => w.Sum(Math.Abs)), largest > _lambda ? _lambda / largest : 1, _iterations, _options.Tolerance);
}
