using System.Numerics;
using CircuitLasso.Numerics;

namespace CircuitLasso.Regression;

/// <summary>
/// The exact minimum on the support S of w, signs held: G[S,S] d = q[S] - mu c[S] sign(w[S]) with the factors c of the penalty, factorised
/// and solved in float64. Where the whole step would change a sign, those coefficients become zero, if that lowers the objective; if not, the
/// step ends where the first of them reaches zero, which always lowers it. For one thread.
/// </summary>
internal sealed class SupportStep<T>
    where T : unmanaged, IBinaryFloatingPointIeee754<T>
{
    private const int LargestSupport = 4000;

    // A pivot below this share of its diagonal means that the support's columns are collinear: the step is not defined.
    private const double SmallestPivot = 1e-11;

    // Columns that are collinear up to the rounding of a float32 G still have a direction, and the passes repair what it misses.
    private static readonly double _ridge = typeof(T) == typeof(float) ? 1e-6 : 0;
    private int[] _support = [];
    private double[] _factor = [];
    private double[] _direction = [];
    private double[] _trial = [];
    private T[] _correlations = [];

    /// <summary>Takes the step, keeping q in line with w. False, and nothing changed, where there is none.</summary>
    public bool Apply(ReadOnlySpan<T> gram, int stride, Span<double> w, Span<T> q, double mu, ReadOnlySpan<double> factors)
    {
        int size = w.Length - w.Count(0);
        if (size < 2 || size > LargestSupport)
        {
            return false;
        }

        FindSupport(w, q.Length, size);
        for (int i = 0; i < size; i++)
        {
            int column = _support[i];
            ReadOnlySpan<T> row = gram.Slice(column * stride, w.Length);
            Span<double> target = _factor.AsSpan(i * size, i + 1);
            for (int j = 0; j < target.Length; j++)
            {
                target[j] = double.CreateTruncating(row[_support[j]]);
            }

            target[i] *= 1 + _ridge;
            _direction[i] = double.CreateTruncating(q[column]) - (mu * factors[column] * Math.Sign(w[column]));
        }

        if (!Cholesky.TryFactorise(size, _factor.AsSpan(0, size * size), size, out _) || IsCollinear(gram, stride, size))
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

        return (first < 1 && Move(gram, stride, w, q, mu, factors, 1, size, mustDescend: true)) || Move(gram, stride, w, q, mu, factors, first, size, mustDescend: false);
    }

    private void FindSupport(ReadOnlySpan<double> w, int padded, int size)
    {
        if (_support.Length < padded)
        {
            int length = 2 * padded;
            (_support, _direction, _trial, _correlations) = (new int[length], new double[length], new double[length], new T[length]);
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
    }

    private bool IsCollinear(ReadOnlySpan<T> gram, int stride, int size)
    {
        for (int i = 0; i < size; i++)
        {
            double pivot = _factor[(i * size) + i];
            if (pivot * pivot <= SmallestPivot * double.CreateTruncating(gram[(_support[i] * stride) + _support[i]]))
            {
                return true;
            }
        }

        return false;
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

    /// <summary>Moves so far along the direction, setting to zero what would change its sign, if the objective falls, or need not.</summary>
    private bool Move(ReadOnlySpan<T> gram, int stride, Span<double> w, Span<T> q, double mu, ReadOnlySpan<double> factors, double length, int size, bool mustDescend)
    {
        Span<T> correlations = _correlations.AsSpan(0, q.Length);
        q.CopyTo(correlations);
        double norm = 0;
        for (int i = 0; i < size; i++)
        {
            int column = _support[i];
            double old = w[column], moved = old + (length * _direction[i]);

            // What stops the step lands on zero exactly, not a rounding error beside it.
            _trial[i] = Math.Sign(moved) != Math.Sign(old) || Math.Abs(moved) <= 1e-14 * Math.Abs(old) ? 0 : moved;
            norm += factors[column] * (Math.Abs(_trial[i]) - Math.Abs(old));
            VectorLoops.AddScaled(T.CreateTruncating(old - _trial[i]), gram.Slice(column * stride, q.Length), correlations);
        }

        // 1/2 d'G d - q'd + mu (|w + d| - |w|) = -1/2 d'(q + q') + mu (...), q' = q - G d.
        double change = mu * norm;
        for (int i = 0; i < size; i++)
        {
            int column = _support[i];
            change -= 0.5 * (_trial[i] - w[column]) * (double.CreateTruncating(q[column]) + double.CreateTruncating(correlations[column]));
        }

        if (mustDescend && !(change < 0))
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
