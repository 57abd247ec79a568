using System.Runtime.CompilerServices;

namespace CircuitLasso.Regression;

/// <content>The step on a working set: a quadratic model of the loss, minimised with the penalty, and a search along the way there.</content>
internal sealed partial class SharedLogisticState
{
    // A Gram matrix is kept for further steps while the weights it was computed with are off by no more than this share of their sum.
    private const double LargestDrift = 0.1;
    private const double InnerTolerance = 0.05;
    private const int LargestNumberOfPasses = 1000;
    private double[] _workingGradient = [];
    private double[] _direction = [];

    /// <summary>One proximal Newton step of one score column on its working set; returns by how much the model of the objective went down.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private double NewtonStep(int c, double lambda)
    {
        WeightedWorkingSet set = _working[c];
        int size = set.Count;
        Prepare(c, size);
        Span<double> w = set.Coefficients, gradient = _workingGradient.AsSpan(0, size), direction = _direction.AsSpan(0, size);
        set.Correlate(_point.Residuals(c), gradient);
        double curvature = options.Intercept ? ClassificationPoint.SumOf(_weighedWith[c]) : double.PositiveInfinity;
        double sum = options.Intercept ? ClassificationPoint.SumOf(_point.Residuals(c)) : 0;

        // Minimising over d0 first leaves a quadratic in d with the intercept's part taken out (weighted centring).
        double largest = 0;
        _packed.Clear();
        for (int k = 0; k < size; k++)
        {
            double toIntercept = set.Sums[k] / curvature;
            ReadOnlySpan<double> row = set.Gram.Slice(k * set.Stride, k + 1);
            double q = (toIntercept * sum) - gradient[k];
            largest = Math.Max(largest, w[k] != 0 ? Math.Abs(q - (lambda * Math.Sign(w[k]))) : Math.Abs(q) - lambda);
            Span<double> reduced = _packed.Add(k, 0, q, w[k]);
            for (int l = 0; l <= k; l++)
            {
                reduced[l] = row[l] - (toIntercept * set.Sums[l]);
            }
        }

        _packed.Mirror(0);
        _packed.MinimiseQuadratic(lambda, InnerTolerance * Math.Min(lambda, largest), LargestNumberOfPasses);
        double intercept = options.Intercept ? -sum / curvature : 0, slope = 0;
        for (int k = 0; k < size; k++)
        {
            direction[k] = _packed.Weights[k] - w[k];
            intercept -= direction[k] * set.Sums[k] / curvature;
            slope += (direction[k] * gradient[k]) + (lambda * (Math.Abs(_packed.Weights[k]) - Math.Abs(w[k])));
        }

        slope += intercept * sum;
        if (slope >= 0)
        {
            return 0;
        }

        _step.AsSpan().Fill(intercept);
        set.AddTo(direction, _step);
        double length = _point.Search(c, _step, w, direction, lambda, slope);
        _point.Intercepts[c] += length * intercept;
        for (int k = 0; k < size; k++)
        {
            // What the whole step puts to zero is zero exactly.
            w[k] = length == 1 ? _packed.Weights[k] : w[k] + (length * direction[k]);
        }

        return -length * slope;
    }

    /// <summary>Memory, and a Gram matrix that is close enough to the curvature of now.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Prepare(int c, int size)
    {
        if (_direction.Length < size)
        {
            (_workingGradient, _direction) = (new double[2 * size], new double[2 * size]);
        }

        _point.Curvatures(c, _curvatures);
        double drift = 0, total = 0;
        for (int i = 0; i < _curvatures.Length; i++)
        {
            drift += Math.Abs(_curvatures[i] - _weighedWith[c][i]);
            total += _curvatures[i];
        }

        bool keeps = _working[c].Weighed > 0 && drift <= LargestDrift * total;
        if (!keeps)
        {
            _curvatures.CopyTo(_weighedWith[c], 0);
        }

        if (!keeps || _working[c].Weighed < size)
        {
            _working[c].Weigh(_weighedWith[c], onlyNew: keeps);
        }
    }
}
