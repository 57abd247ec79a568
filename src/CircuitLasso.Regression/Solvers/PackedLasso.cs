using System.Numerics;
using System.Runtime.CompilerServices;

namespace CircuitLasso.Regression;

/// <summary>
/// The Lasso on a working set: the rows and columns of G that belong to it, packed, grown as it grows. Coordinate descent, with the exact
/// step on the support every few passes. Coefficients and scalars are float64; G and q = X'(y - X w) are <typeparamref name="T"/>. For one
/// thread.
/// </summary>
/// <param name="nonNegative">Whether coefficients below zero are forbidden.</param>
internal sealed class PackedLasso<T>(bool nonNegative = false) : IPackedLasso
    where T : unmanaged, IBinaryFloatingPointIeee754<T>
{
    private const int FirstExactStep = 8;
    private const int PassesBetweenExactSteps = 16;
    private const double RefinedShare = 0.01;

    // A hundredth of the violation may be less than the numbers resolve.
    private const int PassesOfRefinement = 100;
    private const int Padding = 16;
    private readonly SupportStep<T> _step = new();
    private int _capacity;
    private T[] _gram = [];
    private int[] _columns = [];
    private double[] _products = [];
    private T[] _q = [];
    private double[] _w = [];
    private double[] _factors = [];

    // Vectors over the working set end on a whole number of SIMD registers: what lies behind its last column is never read.
    private int Padded => (Count + (Padding - 1)) & -Padding;

    /// <summary>Number of columns in the working set.</summary>
    public int Count { get; private set; }

    /// <summary>The coefficients.</summary>
    public ReadOnlySpan<double> Weights => _w.AsSpan(0, Count);

    /// <summary>The design's columns, in the order they were added.</summary>
    public ReadOnlySpan<int> Columns => _columns.AsSpan(0, Count);

    public void Clear() => Count = 0;

    /// <summary>
    /// Adds a column: its product with the target, its correlation with the residual, its coefficient, the factor of its penalty. Returns its
    /// row of G for the columns so far, itself last, to be filled; then <see cref="Mirror"/> completes G.
    /// </summary>
    public Span<T> Add(int column, double product, double correlation, double weight = 0, double factor = 1)
    {
        if (Count == _capacity)
        {
            Enlarge(Math.Max(32, 2 * _capacity));
        }

        int last = Count++;
        (_columns[last], _products[last], _q[last], _w[last], _factors[last]) = (column, product, T.CreateTruncating(correlation), weight, factor);
        return _gram.AsSpan(last * _capacity, last + 1);
    }

    /// <inheritdoc/>
    public void Add(int column, double product, double correlation, double factor, ReadOnlySpan<float> row, double square)
    {
        Span<T> target = Add(column, product, correlation, 0, factor);
        for (int i = 0; i < target.Length - 1; i++)
        {
            target[i] = T.CreateTruncating(row[i]);
        }

        target[^1] = T.CreateTruncating(square);
    }

    /// <summary>Copies the rows of G from one on into its columns.</summary>
    public void Mirror(int first)
    {
        for (int i = 0; i < Count; i++)
        {
            Span<T> row = _gram.AsSpan(i * _capacity, Count);
            for (int j = Math.Max(first, i + 1); j < row.Length; j++)
            {
                row[j] = _gram[(j * _capacity) + i];
            }
        }
    }

    /// <summary>Takes q from the vector over all columns.</summary>
    public void Refresh(ReadOnlySpan<double> q)
    {
        for (int i = 0; i < Count; i++)
        {
            _q[i] = T.CreateTruncating(q[_columns[i]]);
        }
    }

    /// <summary>Takes over a whole quadratic, its matrix row-major.</summary>
    public void Load(ReadOnlySpan<T> matrix, ReadOnlySpan<double> weights, ReadOnlySpan<double> q)
    {
        Count = 0;
        if (_capacity < weights.Length)
        {
            Enlarge(((2 * weights.Length) + Padding) & -Padding);
        }

        Count = weights.Length;
        weights.CopyTo(_w);
        _factors.AsSpan(0, Count).Fill(1);
        for (int i = 0; i < Count; i++)
        {
            _q[i] = T.CreateTruncating(q[i]);
            matrix.Slice(i * Count, Count).CopyTo(_gram.AsSpan(i * _capacity));
        }
    }

    /// <summary>Passes, at least one, until the gap over the working set alone is within the tolerance, or the passes are used up; returns their number.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public int Minimise(double nullLoss, double lambda, double tolerance, int maximumPasses)
    {
        int passes = 0, nextExactStep = FirstExactStep, wait = PassesBetweenExactSteps;
        while (passes < maximumPasses)
        {
            bool changed = Pass(lambda / 2);
            passes++;
            if (!changed || RelativeGap(nullLoss, lambda) <= tolerance)
            {
                break;
            }

            StepOnSupport(lambda / 2, passes, ref nextExactStep, ref wait);
        }

        return passes;
    }

    /// <inheritdoc/>
    public int Refine(double lambda, int maximumPasses) => Math.Max(1, MinimiseQuadratic(lambda / 2, RefinedShare * LargestViolation(lambda / 2), Math.Min(maximumPasses, PassesOfRefinement)));

    /// <summary>
    /// For a quadratic that is no sum of squares (a Newton step): 1/2 v'G v - c'v + mu |v|_1 with q = c - G v; passes until no coordinate
    /// violates its optimality condition by more than <paramref name="violation"/>.
    /// </summary>
    public int MinimiseQuadratic(double mu, double violation, int maximumPasses)
    {
        int passes = 0, nextExactStep = FirstExactStep, wait = PassesBetweenExactSteps;
        while (passes < maximumPasses && LargestViolation(mu) > violation)
        {
            bool changed = Pass(mu);
            passes++;
            if (!changed)
            {
                break;
            }

            StepOnSupport(mu, passes, ref nextExactStep, ref wait);
        }

        return passes;
    }

    /// <summary>The coefficients that are not zero, by ascending column.</summary>
    public SparseVector ToVector()
    {
        int size = Count - Weights.Count(0);
        int[] columns = new int[size];
        double[] weights = new double[size];
        for (int i = 0, at = 0; i < Count; i++)
        {
            if (_w[i] != 0)
            {
                (columns[at], weights[at++]) = (_columns[i], _w[i]);
            }
        }

        Array.Sort(columns, weights);
        return new SparseVector(columns, weights);
    }

    private void StepOnSupport(double mu, int passes, ref int next, ref int wait)
    {
        if (passes >= next)
        {
            wait = _step.Apply(_gram, _capacity, _w.AsSpan(0, Count), _q.AsSpan(0, Padded), mu, _factors) ? PassesBetweenExactSteps : 2 * wait;
            next = passes + wait;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private bool Pass(double mu)
    {
        bool changed = false;
        Span<T> q = _q.AsSpan(0, Padded);
        Span<double> w = _w.AsSpan(0, Count);
        ReadOnlySpan<double> factors = _factors.AsSpan(0, w.Length);
        for (int i = 0; i < w.Length; i++)
        {
            double old = w[i], value = double.CreateTruncating(q[i]), threshold = mu * factors[i];
            if (old == 0 && (nonNegative ? value : Math.Abs(value)) <= threshold)
            {
                continue;
            }

            double square = double.CreateTruncating(_gram[(i * _capacity) + i]);
            if (square <= 0)
            {
                continue;
            }

            double centre = value + (square * old);
            double updated = nonNegative ? Math.Max(0, centre - threshold) / square : L1Penalty.SoftThreshold(centre, threshold) / square;
            if (updated != old)
            {
                w[i] = updated;
                VectorLoops.AddScaled(T.CreateTruncating(old - updated), _gram.AsSpan(i * _capacity, q.Length), q);
                changed = true;
            }
        }

        return changed;
    }

    private double LargestViolation(double mu)
    {
        double largest = 0;
        for (int i = 0; i < Count; i++)
        {
            double q = double.CreateTruncating(_q[i]), threshold = mu * _factors[i];
            largest = Math.Max(largest, _w[i] != 0 ? Math.Abs(q - (threshold * Math.Sign(_w[i]))) : (nonNegative ? q : Math.Abs(q)) - threshold);
        }

        return largest;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private double RelativeGap(double nullLoss, double lambda)
    {
        double norm = 0, explained = 0, fitted = 0;

        // Columns outside the working set may correlate as much as lambda / 2, and so bound the dual point too.
        double largest = lambda / 2;
        for (int i = 0; i < Count; i++)
        {
            double q = double.CreateTruncating(_q[i]);
            norm += Math.Abs(_w[i]) * _factors[i];
            explained += _w[i] * _products[i];
            fitted += _w[i] * q;
            double size = nonNegative ? q : Math.Abs(q);
            largest = size > largest * _factors[i] ? size / _factors[i] : largest;
        }

        double targetTimesResidual = nullLoss - explained;
        double loss = Math.Max(0, targetTimesResidual - fitted);
        (double primal, double dual) = SquaredLoss.Evaluate(loss, targetTimesResidual, largest, norm, lambda);
        return (primal - dual) / nullLoss;
    }

    private void Enlarge(int capacity)
    {
        T[] gram = new T[checked(capacity * capacity)];
        for (int i = 0; i < Count; i++)
        {
            _gram.AsSpan(i * _capacity, Count).CopyTo(gram.AsSpan(i * capacity));
        }

        _gram = gram;
        _capacity = capacity;
        Array.Resize(ref _columns, capacity);
        Array.Resize(ref _products, capacity);
        Array.Resize(ref _q, capacity);
        Array.Resize(ref _w, capacity);
        Array.Resize(ref _factors, capacity);
    }
}
