using CircuitLasso.Numerics;

namespace CircuitLasso.Regression;

/// <summary>
/// The exact minimum on the support S of w, signs held, for a Gram matrix in float32: G[S,S] d = q[S] - mu sign(w[S]), factorised and solved
/// in float64. Where the whole step would change a sign, those coefficients become zero, if that lowers the objective; if not, the step
/// ends where the first of them reaches zero. For one thread.
/// </summary>
internal sealed class SingleSupportStep
{
    private const int LargestSupport = 4000;

    // Columns that are collinear up to the rounding of float32 still have a direction, and the passes repair what it misses.
    private const double Ridge = 1e-6;
    private int[] _support = [];
    private double[] _factor = [];
    private double[] _direction = [];
    private double[] _trial = [];
    private float[] _correlations = [];

    /// <summary>Takes the step, keeping q in line with w. False, and nothing changed, where there is none.</summary>
    public bool Apply(ReadOnlySpan<float> gram, int stride, Span<double> w, Span<float> q, double mu)
    {
        int size = w.Length - w.Count(0);
        if (size < 2 || size > LargestSupport)
        {
            return false;
        }

        if (_support.Length < w.Length)
        {
            (_support, _direction, _trial, _correlations) = (new int[w.Length], new double[w.Length], new double[w.Length], new float[w.Length]);
        }

        if (_factor.Length < size * size)
        {
            _factor = GC.AllocateUninitializedArray<double>(size * size * 2);
        }

        for (int i = 0, at = 0; i < w.Length; i++)
        {
            if (w[i] != 0)
            {
                _support[at++] = i;
            }
        }

        for (int i = 0; i < size; i++)
        {
            ReadOnlySpan<float> row = gram.Slice(_support[i] * stride, w.Length);
            Span<double> target = _factor.AsSpan(i * size, i + 1);
            for (int j = 0; j <= i; j++)
            {
                target[j] = row[_support[j]];
            }

            target[i] *= 1 + Ridge;
            _direction[i] = q[_support[i]] - (mu * Math.Sign(w[_support[i]]));
        }

        if (!Cholesky.TryFactorise(size, _factor.AsSpan(0, size * size), size, out _))
        {
            return false;
        }

        Substitute(size, _direction.AsSpan(0, size));
        double first = 1;
        for (int i = 0; i < size; i++)
        {
            double crossing = -w[_support[i]] / _direction[i];
            if (crossing > 0 && crossing < first)
            {
                first = crossing;
            }
        }

        return (first < 1 && Move(gram, stride, w, q, mu, 1, size)) || Move(gram, stride, w, q, mu, first, size);
    }

    private void Substitute(int size, Span<double> x)
    {
        for (int i = 0; i < size; i++)
        {
            x[i] = (x[i] - VectorLoops.Dot(_factor.AsSpan(i * size, i), x[..i])) / _factor[(i * size) + i];
        }

        for (int i = size - 1; i >= 0; i--)
        {
            x[i] /= _factor[(i * size) + i];
            VectorLoops.AddScaled(-x[i], _factor.AsSpan(i * size, i), x[..i]);
        }
    }

    /// <summary>Moves so far along the direction, setting to zero what would change its sign, if the objective falls.</summary>
    private bool Move(ReadOnlySpan<float> gram, int stride, Span<double> w, Span<float> q, double mu, double length, int size)
    {
        Span<float> correlations = _correlations.AsSpan(0, w.Length);
        q.CopyTo(correlations);
        double norm = 0;
        for (int i = 0; i < size; i++)
        {
            double old = w[_support[i]], moved = old + (length * _direction[i]);

            // What stops the step lands on zero exactly, not a rounding error beside it.
            _trial[i] = Math.Sign(moved) != Math.Sign(old) || Math.Abs(moved) <= 1e-14 * Math.Abs(old) ? 0 : moved;
            norm += Math.Abs(_trial[i]) - Math.Abs(old);
            VectorLoops.AddScaled((float)(old - _trial[i]), gram.Slice(_support[i] * stride, w.Length), correlations);
        }

        // 1/2 d'G d - q'd + mu (|w + d| - |w|) = -1/2 d'(q + q') + mu (...), q' = q - G d.
        double change = mu * norm;
        for (int i = 0; i < size; i++)
        {
            change -= 0.5 * (_trial[i] - w[_support[i]]) * ((double)q[_support[i]] + correlations[_support[i]]);
        }

        if (!(change < 0))
        {
            return false;
        }

        for (int i = 0; i < size; i++)
        {
            w[_support[i]] = _trial[i];
        }

        correlations.CopyTo(q);
        return true;
    }
}
