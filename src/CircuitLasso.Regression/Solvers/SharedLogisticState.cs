using System.Runtime.CompilerServices;

namespace CircuitLasso.Regression;

/// <summary>One problem of <see cref="SharedLogisticSolver"/>, and the memory that the next uses again. For one thread.</summary>
internal sealed partial class SharedLogisticState(SharedDesign design, SharedLogisticOptions options)
{
    private const int FirstWorkingSet = 32;
    private const int SmallWorkingSet = 64;
    private const int StepsOnSmallWorkingSet = 20;
    private const int RoundsWithoutProgress = 100;
    private readonly double[]? _scales = options.PenaltyWeights is { } weights ? [.. weights.Select(weight => 1 / weight)] : null;
    private readonly PackedLasso<double> _packed = new();
    private ClassificationPoint _point = null!;
    private WeightedWorkingSet[] _working = [];
    private bool[][] _isWorking = [];
    private double[][] _gradient = [];
    private double[][] _weighedWith = [];
    private double[] _curvatures = [];
    private double[] _step = [];
    private double[] _violations = [];
    private int[] _violators = [];

    /// <summary>Score columns: one for two classes.</summary>
    public int Classes => _point.Classes;

    /// <summary>The smallest lambda at which every coefficient is zero, right after <see cref="Start"/>.</summary>
    public double MaximumLambda => LargestGradient();

    public double Intercept(int c) => _point.Intercepts[c];

    public SparseVector ToVector(int c) => _working[c].ToVector();

    /// <summary>Takes up a problem at the model without features.</summary>
    public void Start(IClassificationLoss loss)
    {
        _point = new ClassificationPoint(loss, options.Intercept);
        if (_working.Length != Classes)
        {
            _working = [.. Enumerable.Range(0, Classes).Select(_ => new WeightedWorkingSet(design, _scales))];
            _isWorking = [.. Enumerable.Range(0, Classes).Select(_ => new bool[design.Columns])];
            _gradient = [.. Enumerable.Range(0, Classes).Select(_ => new double[design.Columns])];
            _weighedWith = [.. Enumerable.Range(0, Classes).Select(_ => new double[design.Rows])];
            (_curvatures, _step) = (new double[design.Rows], new double[design.Rows]);
            (_violations, _violators) = (new double[design.Columns], new int[design.Columns]);
        }

        for (int c = 0; c < Classes; c++)
        {
            _working[c].Clear();
            Array.Clear(_isWorking[c]);
        }

        _point.MinimiseIntercepts();
        FillGradients();
    }

    /// <summary>Minimises at this lambda, from where the last one ended.</summary>
    public TargetCertificate Run(int target, double lambda, CancellationToken cancellationToken)
    {
        int steps = 0, withoutProgress = 0;
        double smallestGap = double.PositiveInfinity;
        TargetCertificate certificate = Certify(target, lambda, steps);
        while (!certificate.Converged && steps < options.MaximumIterations && withoutProgress <= RoundsWithoutProgress)
        {
            cancellationToken.ThrowIfCancellationRequested();
            bool progress = Grow(lambda) || certificate.Gap < 0.9 * smallestGap;
            smallestGap = progress ? certificate.Gap : smallestGap;
            withoutProgress = progress ? 0 : withoutProgress + 1;

            // The gradients over all columns tell what is missing, and cost less than a step, unless the working sets are small. The gap falls with
            // the distance to the minimum, the objective with its square.
            double aim = 0.3 * certificate.RelativeGap * certificate.RelativeGap * _point.NullLoss, decrease;
            int last = Math.Min(options.MaximumIterations, steps + StepsOnSmallWorkingSet);
            do
            {
                steps++;
                decrease = 0;
                for (int c = 0; c < Classes; c++)
                {
                    decrease += _working[c].Count > 0 ? NewtonStep(c, lambda) : 0;
                }
            }
            while (decrease > aim && steps < last && _working.All(set => set.Count <= SmallWorkingSet));

            Refresh();
            certificate = Certify(target, lambda, steps);
        }

        return certificate;
    }

    /// <summary>Scores, residuals and gradients afresh from the coefficients.</summary>
    private void Refresh()
    {
        _point.Restart();
        for (int c = 0; c < Classes; c++)
        {
            _working[c].AddTo(_working[c].Coefficients, _point.Scores(c));
        }

        _point.Evaluate();
        _point.MinimiseIntercepts();
        FillGradients();
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void FillGradients()
    {
        for (int c = 0; c < Classes; c++)
        {
            ReadOnlySpan<double> residuals = _point.Residuals(c);
            double[] gradient = _gradient[c];
            for (int j = 0; j < gradient.Length; j++)
            {
                gradient[j] = design.Column(j).Dot(residuals) * (_scales is null ? 1 : _scales[j]);
            }
        }
    }

    private double LargestGradient() => _gradient.Take(Classes).Max(gradient => VectorLoops.LargestMagnitude(gradient));

    private TargetCertificate Certify(int target, double lambda, int steps)
    {
        double norm = 0, largest = LargestGradient();
        for (int c = 0; c < Classes; c++)
        {
            foreach (double coefficient in _working[c].Coefficients)
            {
                norm += Math.Abs(coefficient);
            }
        }

        return _point.Certify(target, lambda, norm, largest > lambda ? lambda / largest : 1, steps, options.Tolerance);
    }

    /// <summary>Takes the worst violators of |X'r| at most lambda into each working set, as many as there are in it, and at least some.</summary>
    private bool Grow(double lambda)
    {
        bool grown = false;
        for (int c = 0; c < Classes; c++)
        {
            int found = 0;
            for (int j = 0; j < design.Columns; j++)
            {
                double violation = Math.Abs(_gradient[c][j]);
                if (violation > lambda && !_isWorking[c][j])
                {
                    (_violations[found], _violators[found++]) = (-violation, j);
                }
            }

            int taken = Math.Min(found, Math.Max(FirstWorkingSet, _working[c].Count));
            Array.Sort(_violations, _violators, 0, found);
            for (int i = 0; i < taken; i++)
            {
                _isWorking[c][_violators[i]] = true;
                _working[c].Add(_violators[i]);
            }

            grown |= taken > 0;
        }

        return grown;
    }
}
