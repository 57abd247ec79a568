using CircuitLasso.Numerics;

namespace CircuitLasso.Regression;

/// <summary>One solve of <see cref="ProximalNewtonSolver"/>. For one thread.</summary>
internal sealed class ProximalNewtonState
{
    private const int FirstWorkingSet = 20;
    private const int CyclesPerWorkingSet = 20;
    private const int RoundsWithoutProgress = 20;
    private const double SmallestCurvature = 1e-9;
    private readonly DenseDesign _design;
    private readonly IClassificationLoss _loss;
    private readonly SolverOptions _options;
    private readonly double _lambda;
    private readonly int _rows;
    private readonly int _classes;
    private readonly double[][] _w;
    private readonly double[] _b;
    private readonly double[][] _gradient;
    private readonly List<int>[] _working;
    private readonly bool[][] _isWorking;
    private readonly double _nullLoss;
    private readonly PackedLasso _packed = new();
    private double[] _scores;
    private double[] _residuals;
    private double[] _trialScores;
    private double[] _trialResiduals;
    private readonly double[] _step;
    private double _value;
    private int _iterations;

    public ProximalNewtonState(DenseDesign design, IClassificationLoss loss, double lambda, SolverOptions options, ClassificationSolution? warmStart)
    {
        (_design, _loss, _lambda, _options) = (design, loss, lambda, options);
        (_rows, _classes) = (design.Rows, loss.ScoreColumns);
        _w = [.. Enumerable.Range(0, _classes).Select(_ => new double[design.Columns])];
        _gradient = [.. Enumerable.Range(0, _classes).Select(_ => new double[design.Columns])];
        _isWorking = [.. Enumerable.Range(0, _classes).Select(_ => new bool[design.Columns])];
        _working = [.. Enumerable.Range(0, _classes).Select(_ => new List<int>())];
        _scores = new double[_classes * _rows];
        _residuals = new double[_scores.Length];
        _trialScores = new double[_scores.Length];
        _trialResiduals = new double[_scores.Length];
        _step = new double[_rows];
        _b = loss.NullIntercepts();
        FillScores();
        _nullLoss = loss.Evaluate(_scores, _residuals);
        _value = _nullLoss;
        if (warmStart is not null && HasSeveralClasses)
        {
            for (int c = 0; c < _classes; c++)
            {
                _b[c] = double.IsFinite(_b[c]) ? warmStart.ScaledIntercepts[c] : _b[c];
                for (int i = 0; i < warmStart.ScaledCoefficients.RowsOf(c).Length && double.IsFinite(_b[c]); i++)
                {
                    int j = warmStart.ScaledCoefficients.RowsOf(c)[i];
                    _w[c][j] = warmStart.ScaledCoefficients.ValuesOf(c)[i];
                    Include(c, j);
                }
            }

            FillScores();
            _value = loss.Evaluate(_scores, _residuals);
        }
    }

    // With one class left the best intercept is infinite, the loss zero, and features have nothing to add.
    private bool HasSeveralClasses => _nullLoss > 0;

    public double LargestGradient()
    {
        double largest = 0;
        for (int c = 0; c < _classes; c++)
        {
            for (int j = 0; j < _design.Columns; j++)
            {
                _gradient[c][j] = VectorLoops.Dot(_design.Column(j), Residuals(c));
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
            MinimiseIntercepts();
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
            double aim = 0.1 * certificate.RelativeGap * certificate.RelativeGap * _nullLoss;
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

        return new ClassificationSolution(_design, SparseColumns.FromColumns(_design.Columns, [.. _w.Select(w => SparseVector.FromDense(w))]), [.. _b], certificate);
    }

    private Span<double> Residuals(int c) => _residuals.AsSpan(c * _rows, _rows);

    private void FillScores()
    {
        for (int c = 0; c < _classes; c++)
        {
            Span<double> scores = _scores.AsSpan(c * _rows, _rows);
            scores.Fill(_b[c]);
            foreach (int j in _working[c])
            {
                VectorLoops.AddScaled(_w[c][j], _design.Column(j), scores);
            }
        }
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

    private TargetCertificate Certify(double largest)
    {
        double norm = Norm();
        double scale = largest > _lambda ? _lambda / largest : 1;
        TargetCertificate certificate = new(0, _lambda, _value, _value + (_lambda * norm), _loss.Dual(_residuals, scale), _nullLoss, _iterations, false);
        return certificate with { Converged = certificate.RelativeGap <= _options.Tolerance };
    }

    private double Norm() => _w.Sum(w => w.Sum(Math.Abs));

    /// <summary>Newton on the intercepts alone, until the residuals of every class sum to zero up to rounding.</summary>
    private void MinimiseIntercepts()
    {
        int[] present = [.. Enumerable.Range(0, _classes).Where(c => double.IsFinite(_b[c]))];
        for (int iteration = 0; iteration < 50 && HasSeveralClasses; iteration++)
        {
            double[] sums = [.. present.Select(c => SumOf(Residuals(c)))];
            if (sums.Max(Math.Abs) <= 1e-13 * _rows)
            {
                return;
            }

            double[] step = InterceptStep(present, sums);
            double length = 1;
            bool moved = false;
            for (int halving = 0; halving < 30 && !moved; halving++, length /= 2)
            {
                _scores.CopyTo(_trialScores, 0);
                for (int k = 0; k < present.Length; k++)
                {
                    foreach (ref double score in _trialScores.AsSpan(present[k] * _rows, _rows))
                    {
                        score -= length * step[k];
                    }
                }

                double value = _loss.Evaluate(_trialScores, _trialResiduals);
                if (value <= _value * (1 + 1e-14))
                {
                    for (int k = 0; k < present.Length; k++)
                    {
                        _b[present[k]] -= length * step[k];
                    }

                    Accept(value);
                    moved = true;
                }
            }

            if (!moved)
            {
                return;
            }
        }
    }

    /// <summary>Solves (sum over rows of the Hessian of the scores) step = sums; scores of several classes are only fixed up to a common shift.</summary>
    private double[] InterceptStep(int[] present, double[] sums)
    {
        int size = present.Length;
        double[] hessian = new double[size * size];
        for (int a = 0; a < size; a++)
        {
            for (int b = 0; b <= a; b++)
            {
                double sum = 0;
                for (int i = 0; i < _rows; i++)
                {
                    double p = Probability(i, present[a]);
                    sum += a == b ? p * (1 - p) : -p * Probability(i, present[b]);
                }

                hessian[(a * size) + b] = sum;
                hessian[(b * size) + a] = sum;
            }
        }

        double trace = 0;
        for (int a = 0; a < size; a++)
        {
            trace += hessian[(a * size) + a];
        }

        double shift = _classes == 1 ? 0 : trace / size / size;
        for (int a = 0; a < hessian.Length; a++)
        {
            hessian[a] += shift;
        }

        return SmallSystem.Solve(hessian, sums, SmallestCurvature * _rows * 1e-6);
    }

    private double Probability(int row, int c) => _residuals[(c * _rows) + row] + _loss.Indicator(row, c);

    /// <summary>One proximal Newton step of one score column on its working set; returns by how much the model of the objective went down.</summary>
    private double NewtonStep(int c)
    {
        List<int> working = _working[c];
        int size = working.Count, width = size + 1;
        ReadOnlySpan<double> residuals = Residuals(c);

        // Columns times the root of the curvature, the intercept's column of ones last.
        using NativeBuffer<double> weighted = new((nint)width * _rows, zeroed: false);
        Span<double> roots = weighted.Slice((nint)size * _rows, _rows);
        for (int i = 0; i < _rows; i++)
        {
            double p = Probability(i, c);
            roots[i] = _loss.Includes(i) ? Math.Sqrt(Math.Max(p * (1 - p), SmallestCurvature)) : 0;
        }

        for (int k = 0; k < size; k++)
        {
            Multiply(_design.Column(working[k]), roots, weighted.Slice((nint)k * _rows, _rows));
        }

        double[] gram = new double[width * width];
        MatrixBackend.Default.Gemm(false, true, width, width, _rows, 1.0, weighted.Span, _rows, weighted.Span, _rows, 0.0, gram, width);
        double curvature = gram[^1], sum = SumOf(residuals);

        // Minimising over d0 first leaves a quadratic in d with the intercept's part taken out (weighted centring).
        double[] reduced = new double[size * size], w = new double[size], q = new double[size], gradient = new double[size];
        for (int k = 0; k < size; k++)
        {
            double toIntercept = gram[(k * width) + size] / curvature;
            for (int l = 0; l < size; l++)
            {
                reduced[(k * size) + l] = gram[(Math.Min(k, l) * width) + Math.Max(k, l)] - (gram[(Math.Min(k, l) * width) + size] * gram[(Math.Max(k, l) * width) + size] / curvature);
            }

            w[k] = _w[c][working[k]];
            gradient[k] = VectorLoops.Dot(_design.Column(working[k]), residuals);
            q[k] = -(gradient[k] - (toIntercept * sum));
        }

        _packed.Load(reduced, w, q);
        _packed.MinimiseQuadratic(_lambda, 1e-3 * Math.Min(_lambda, Violation(w, q)), 1000);
        double[] direction = new double[size];
        double intercept = -sum / curvature, slope = 0;
        for (int k = 0; k < size; k++)
        {
            direction[k] = _packed.Weights[k] - w[k];
            intercept -= direction[k] * gram[(k * width) + size] / curvature;
            slope += (direction[k] * gradient[k]) + (_lambda * (Math.Abs(w[k] + direction[k]) - Math.Abs(w[k])));
        }

        slope += intercept * sum;
        return slope < 0 ? Search(c, direction, intercept, slope) : 0;
    }

    private double Search(int c, double[] direction, double intercept, double slope)
    {
        List<int> working = _working[c];
        _step.AsSpan().Fill(intercept);
        for (int k = 0; k < direction.Length; k++)
        {
            if (direction[k] != 0)
            {
                VectorLoops.AddScaled(direction[k], _design.Column(working[k]), _step);
            }
        }

        double length = 1;
        for (int halving = 0; halving < 40; halving++, length /= 2)
        {
            _scores.CopyTo(_trialScores, 0);
            VectorLoops.AddScaled(length, _step, _trialScores.AsSpan(c * _rows, _rows));
            double value = _loss.Evaluate(_trialScores, _trialResiduals), norm = 0;
            for (int k = 0; k < direction.Length; k++)
            {
                norm += Math.Abs(_w[c][working[k]] + (length * direction[k])) - Math.Abs(_w[c][working[k]]);
            }

            double change = value - _value + (_lambda * norm);

            // Near the minimum the gap falls with the step and the objective only with its square, soon below what a sum of losses resolves;
            // there the Newton step is right by itself.
            if (change <= (0.01 * length * slope) + (1e-13 * _value))
            {
                for (int k = 0; k < direction.Length; k++)
                {
                    // What the whole step puts to zero is zero exactly.
                    _w[c][working[k]] = length == 1 ? _packed.Weights[k] : _w[c][working[k]] + (length * direction[k]);
                }

                _b[c] += length * intercept;
                Accept(value);
                return -length * slope;
            }
        }

        return 0;
    }

    private double Violation(double[] w, double[] q)
    {
        double largest = 0;
        for (int k = 0; k < w.Length; k++)
        {
            largest = Math.Max(largest, w[k] != 0 ? Math.Abs(q[k] - (_lambda * Math.Sign(w[k]))) : Math.Abs(q[k]) - _lambda);
        }

        return largest;
    }

    private void Accept(double value)
    {
        (_scores, _trialScores) = (_trialScores, _scores);
        (_residuals, _trialResiduals) = (_trialResiduals, _residuals);
        _value = value;
    }

    private static double SumOf(ReadOnlySpan<double> values)
    {
        double sum = 0;
        foreach (double value in values)
        {
            sum += value;
        }

        return sum;
    }

    private static void Multiply(ReadOnlySpan<double> x, ReadOnlySpan<double> y, Span<double> result)
    {
        for (int i = 0; i < result.Length; i++)
        {
            result[i] = x[i] * y[i];
        }
    }
}
