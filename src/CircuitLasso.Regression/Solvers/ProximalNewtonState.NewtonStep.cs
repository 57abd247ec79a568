using CircuitLasso.Numerics;

namespace CircuitLasso.Regression;

/// <content>The step on a working set: a quadratic model of the loss, minimised with the penalty, and a search along the way there.</content>
internal sealed partial class ProximalNewtonState
{
    /// <summary>One proximal Newton step of one score column on its working set; returns by how much the model of the objective went down.</summary>
    private double NewtonStep(int c)
    {
        List<int> working = _working[c];
        int size = working.Count, width = size + 1;
        ReadOnlySpan<double> residuals = _point.Residuals(c);

        // Columns times the root of the curvature, the intercept's column of ones last.
        using NativeBuffer<double> weighted = new((nint)width * _rows, zeroed: false);
        Span<double> roots = weighted.Slice((nint)size * _rows, _rows);
        _point.Curvatures(c, roots);
        foreach (ref double root in roots)
        {
            root = Math.Sqrt(root);
        }

        for (int k = 0; k < size; k++)
        {
            Multiply(_design.Column(working[k]), roots, weighted.Slice((nint)k * _rows, _rows));
        }

        double[] gram = new double[width * width];
        MatrixBackend.Default.Gemm(false, true, width, width, _rows, 1.0, weighted.Span, _rows, weighted.Span, _rows, 0.0, gram, width);
        double curvature = gram[^1], sum = ClassificationPoint.SumOf(residuals);

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
        if (slope >= 0)
        {
            return 0;
        }

        _step.AsSpan().Fill(intercept);
        for (int k = 0; k < size; k++)
        {
            if (direction[k] != 0)
            {
                VectorLoops.AddScaled(direction[k], _design.Column(working[k]), _step);
            }
        }

        double length = _point.Search(c, _step, w, direction, _lambda, slope);
        _point.Intercepts[c] += length * intercept;
        for (int k = 0; k < size; k++)
        {
            // What the whole step puts to zero is zero exactly.
            _w[c][working[k]] = length == 1 ? _packed.Weights[k] : w[k] + (length * direction[k]);
        }

        return -length * slope;
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

    private static void Multiply(ReadOnlySpan<double> x, ReadOnlySpan<double> y, Span<double> result)
    {
        for (int i = 0; i < result.Length; i++)
        {
            result[i] = x[i] * y[i];
        }
    }
}
