using CircuitLasso.Numerics;

namespace CircuitLasso.Regression;

/// <summary>One target of <see cref="SharedGramSolver"/>, and the memory that the next target uses again. For one thread.</summary>
internal sealed class SharedGramTarget(SharedDesign design, SharedGram gram, SharedGramOptions options)
{
    private const int FirstWorkingSet = 10;
    private const int RoundsWithoutProgress = 3;

    // Half the distance between float32 numbers near one: the share by which an entry of G may be off.
    private const double Rounding = 1.0 / (1 << 24);
    private readonly double[] _q = new double[design.Columns];
    private readonly bool[] _isWorking = new bool[design.Columns];
    private readonly SinglePackedLasso _packed = new();
    private double[] _residual = [];
    private int[] _violators = [];
    private double[] _violations = [];
    private double[] _sorted = [];

    /// <summary>Minimises ||y - X w||^2 + lambda ||w||_1; <paramref name="products"/> is X'y.</summary>
    public (SparseVector? Coefficients, TargetCertificate Certificate) Solve(CompressedColumns<float> targets, int target, ReadOnlySpan<double> products)
    {
        double nullLoss = 0;
        foreach (float value in targets.ValuesOf(target))
        {
            nullLoss += (double)value * value;
        }

        double largest = VectorLoops.LargestMagnitude(products);
        double lambda = options.Lambda ?? (2 * options.LambdaRatio!.Value * largest);
        if (2 * largest <= lambda)
        {
            return (null, new TargetCertificate(target, lambda, nullLoss, nullLoss, nullLoss, nullLoss, 0, true));
        }

        Forget();
        products.CopyTo(_q);
        TargetCertificate certificate = Certify(products, target, lambda, nullLoss, largest, 0, 0);
        int passes = 0, idle = 0;
        while (!certificate.Converged && passes < options.MaximumIterations && idle < RoundsWithoutProgress)
        {
            bool grew = Grow(products, lambda / 2);
            double tolerance = Math.Max(0.3 * options.Tolerance, 0.1 * certificate.RelativeGap);
            passes += _packed.Minimise(nullLoss, lambda, tolerance, options.MaximumIterations - passes);
            TargetCertificate next = Measure(targets, target, products, lambda, nullLoss, passes);
            idle = grew || next.RelativeGap < 0.9 * certificate.RelativeGap ? 0 : idle + 1;
            certificate = next;
        }

        return (_packed.ToVector(), certificate);
    }

    private void Forget()
    {
        for (int i = 0; i < _packed.Count; i++)
        {
            _isWorking[_packed.ColumnAt(i)] = false;
        }

        _packed.Clear();
    }

    /// <summary>Computes q afresh and the certificate from it, from the rows themselves where the rounding of G stands in the way.</summary>
    private TargetCertificate Measure(CompressedColumns<float> targets, int target, ReadOnlySpan<double> products, double lambda, double nullLoss, int passes)
    {
        products.CopyTo(_q);
        double weighted = 0;
        for (int i = 0; i < _packed.Count; i++)
        {
            double weight = _packed.Weights[i];
            if (weight != 0)
            {
                gram.AddScaled(-weight, _packed.ColumnAt(i), _q);
                weighted += Math.Abs(weight) * Math.Sqrt(gram.Diagonal[_packed.ColumnAt(i)]);
            }
        }

        // |G[i,j]| is at most the product of the norms, so the rounding moves q[i] by at most u |x_i| sum |w_j| |x_j|, and w'Gw likewise.
        double error = Rounding * gram.LargestNorm * weighted, energyError = Rounding * weighted * weighted;
        double largest = VectorLoops.LargestMagnitude(_q);
        TargetCertificate safe = Certify(products, target, lambda, nullLoss, largest + error, 2 * energyError, passes);
        if (!safe.Converged && Certify(products, target, lambda, nullLoss, largest, 0, passes).Converged)
        {
            safe = MeasureRows(targets, target, lambda, nullLoss, passes);
        }

        _packed.Refresh(_q);
        return safe;
    }

    private TargetCertificate Certify(ReadOnlySpan<double> products, int target, double lambda, double nullLoss, double largest, double slack, int passes)
    {
        double norm = 0, explained = 0, fitted = 0;
        for (int i = 0; i < _packed.Count; i++)
        {
            int column = _packed.ColumnAt(i);
            double weight = _packed.Weights[i];
            norm += Math.Abs(weight);
            explained += weight * products[column];
            fitted += weight * _q[column];
        }

        // y'r = y'y - w'X'y and r'r = y'r - w'q.
        double targetTimesResidual = nullLoss - explained;
        return Certificate(target, lambda, nullLoss, Math.Max(0, targetTimesResidual - fitted), targetTimesResidual, largest, norm, slack, passes);
    }

    private TargetCertificate MeasureRows(CompressedColumns<float> targets, int target, double lambda, double nullLoss, int passes)
    {
        Array.Resize(ref _residual, design.Rows);
        Array.Clear(_residual);
        ReadOnlySpan<int> rows = targets.RowsOf(target);
        ReadOnlySpan<float> values = targets.ValuesOf(target);
        for (int i = 0; i < rows.Length; i++)
        {
            _residual[rows[i]] = values[i];
        }

        SparseVector weights = _packed.ToVector();
        design.Subtract(weights.Indices, weights.Values, _residual);
        design.Correlate(_residual, _q);
        double targetTimesResidual = 0;
        for (int i = 0; i < rows.Length; i++)
        {
            targetTimesResidual += values[i] * _residual[rows[i]];
        }

        double loss = VectorLoops.Dot(_residual, _residual), norm = weights.Values.Sum(Math.Abs);
        return Certificate(target, lambda, nullLoss, loss, targetTimesResidual, VectorLoops.LargestMagnitude(_q), norm, 0, passes);
    }

    private TargetCertificate Certificate(int target, double lambda, double nullLoss, double loss, double targetTimesResidual, double largest, double norm, double slack, int passes)
    {
        (double primal, double dual) = SquaredLoss.Evaluate(loss, targetTimesResidual, largest, norm, lambda);
        TargetCertificate certificate = new(target, lambda, loss, primal, dual - slack, nullLoss, passes, false);
        return certificate with { Converged = certificate.RelativeGap <= options.Tolerance };
    }

    /// <summary>Takes the worst violators of |q| at most mu into the working set, as many as there are in it, and at least ten.</summary>
    private bool Grow(ReadOnlySpan<double> products, double mu)
    {
        int found = 0, room = Math.Max(FirstWorkingSet, _packed.Count);
        for (int j = 0; j < _q.Length; j++)
        {
            if (Math.Abs(_q[j]) > mu && !_isWorking[j])
            {
                if (found == _violators.Length)
                {
                    Array.Resize(ref _violators, Math.Max(64, 2 * found));
                    Array.Resize(ref _violations, _violators.Length);
                    Array.Resize(ref _sorted, _violators.Length);
                }

                (_violators[found], _violations[found++]) = (j, Math.Abs(_q[j]));
            }
        }

        double threshold = 0;
        if (found > room)
        {
            Span<double> sorted = _sorted.AsSpan(0, found);
            _violations.AsSpan(0, found).CopyTo(sorted);
            sorted.Sort();
            threshold = sorted[^room];
        }

        int taken = 0;
        for (int i = 0; i < found && taken < room; i++)
        {
            if (_violations[i] >= threshold)
            {
                int column = _violators[i];
                _isWorking[column] = true;
                _packed.Add(column, gram, products[column], _q[column]);
                taken++;
            }
        }

        return taken > 0;
    }
}
