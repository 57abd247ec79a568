namespace CircuitLasso.Regression;

/// <summary>
/// The exact minimum on the support S of w, signs held: G[S,S] d = q[S] - mu sign(w[S]), by Cholesky. Where the whole step would change a
/// sign, those coefficients become zero, if that lowers the objective; if not, the step ends where the first of them reaches zero, which
/// always does. For one thread.
/// </summary>
internal sealed class SupportStep
{
    // A pivot below this share of its diagonal means that the support's columns are collinear: the step is not defined.
    private const double SmallestPivot = 1e-11;
    private int[] _support = [];
    private double[] _factor = [];
    private double[] _direction = [];
    private double[] _trial = [];

    /// <summary>Takes the step, keeping q in line with w. False, and nothing changed, where there is none.</summary>
    public bool Apply(ReadOnlySpan<double> gram, int stride, Span<double> w, Span<double> q, double mu, int largestSupport)
    {
        int size = FindSupport(w);
        if (size < 2 || size > largestSupport || !Factorise(gram, stride, size))
        {
            return false;
        }

        Span<double> direction = _direction.AsSpan(0, size);
        for (int i = 0; i < size; i++)
        {
            direction[i] = q[_support[i]] - (mu * Math.Sign(w[_support[i]]));
        }

        Substitute(size, direction);
        double first = 1;
        for (int i = 0; i < size; i++)
        {
            double old = w[_support[i]], crossing = -old / direction[i];
            if (crossing > 0 && crossing < first)
            {
                first = crossing;
            }
        }

        return (first < 1 && Move(gram, stride, w, q, mu, 1, mustDescend: true)) || Move(gram, stride, w, q, mu, first, mustDescend: false);
    }

    private int FindSupport(ReadOnlySpan<double> w)
    {
        if (_support.Length < w.Length)
        {
            _support = new int[w.Length];
            _direction = new double[w.Length];
            _trial = new double[2 * w.Length];
        }

        int size = 0;
        for (int i = 0; i < w.Length; i++)
        {
            if (w[i] != 0)
            {
                _support[size++] = i;
            }
        }

        return size;
    }

    private bool Factorise(ReadOnlySpan<double> gram, int stride, int size)
    {
        if (_factor.Length < size * size)
        {
            _factor = new double[size * size * 2];
        }

        for (int i = 0; i < size; i++)
        {
            Span<double> row = _factor.AsSpan(i * size, size);
            for (int j = 0; j <= i; j++)
            {
                ReadOnlySpan<double> other = _factor.AsSpan(j * size, j + 1);
                double value = gram[(_support[i] * stride) + _support[j]] - VectorLoops.Dot(row[..j], other[..j]);
                if (j < i)
                {
                    row[j] = value / other[j];
                }
                else if (value <= SmallestPivot * gram[(_support[i] * stride) + _support[i]])
                {
                    return false;
                }
                else
                {
                    row[i] = Math.Sqrt(value);
                }
            }
        }

        return true;
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

    /// <summary>Moves so far along the direction, setting to zero what would change its sign.</summary>
    private bool Move(ReadOnlySpan<double> gram, int stride, Span<double> w, Span<double> q, double mu, double length, bool mustDescend)
    {
        int size = CountSupport(w);
        Span<double> trial = _trial.AsSpan(0, size);
        Span<double> correlations = _trial.AsSpan(w.Length, w.Length);
        q.CopyTo(correlations);
        double norm = 0;
        for (int i = 0; i < size; i++)
        {
            double old = w[_support[i]], moved = old + (length * _direction[i]);

            // What stops the step lands on zero exactly, not a rounding error beside it.
            bool crosses = Math.Sign(moved) != Math.Sign(old) || Math.Abs(moved) <= 1e-14 * Math.Abs(old);
            trial[i] = crosses ? 0 : moved;
            norm += Math.Abs(trial[i]) - Math.Abs(old);
            VectorLoops.AddScaled(old - trial[i], gram.Slice(_support[i] * stride, w.Length), correlations);
        }

        if (mustDescend)
        {
            // 1/2 d'G d - q'd + mu (|w + d| - |w|) = -1/2 d'(q + q') + mu (...), q' = q - G d.
            double change = mu * norm;
            for (int i = 0; i < size; i++)
            {
                change -= 0.5 * (trial[i] - w[_support[i]]) * (q[_support[i]] + correlations[_support[i]]);
            }

            if (!(change < 0))
            {
                return false;
            }
        }

        for (int i = 0; i < size; i++)
        {
            w[_support[i]] = trial[i];
        }

        correlations.CopyTo(q);
        return true;
    }

    private static int CountSupport(ReadOnlySpan<double> w)
    {
        int size = 0;
        foreach (double value in w)
        {
            size += value != 0 ? 1 : 0;
        }

        return size;
    }
}
