using CircuitLasso.Numerics;

namespace CircuitLasso.Regression;

/// <summary>
/// The Lasso on a working set of a <see cref="SharedGram"/>: its rows and columns packed in float32, grown as the set grows. Coordinate
/// descent, with an exact step on the support every few passes. For one thread.
/// </summary>
internal sealed class SinglePackedLasso
{
    private const int FirstExactStep = 4;
    private const int PassesBetweenExactSteps = 8;
    private readonly SingleSupportStep _step = new();
    private int _capacity;
    private float[] _gram = [];
    private int[] _columns = [];
    private double[] _products = [];
    private float[] _q = [];
    private double[] _w = [];

    /// <summary>Number of columns in the working set.</summary>
    public int Count { get; private set; }

    /// <summary>The coefficients.</summary>
    public ReadOnlySpan<double> Weights => _w.AsSpan(0, Count);

    /// <summary>The design's column at a place of the working set.</summary>
    public int ColumnAt(int index) => _columns[index];

    public void Clear() => Count = 0;

    /// <summary>Adds a column with coefficient zero: its product with the target and its correlation with the residual.</summary>
    public void Add(int column, SharedGram gram, double product, double correlation)
    {
        if (Count == _capacity)
        {
            Enlarge();
        }

        int last = Count++;
        (_columns[last], _products[last], _q[last], _w[last]) = (column, product, (float)correlation, 0);
        Span<float> row = _gram.AsSpan(last * _capacity, last + 1);
        gram.Gather(column, _columns.AsSpan(0, last + 1), row);
        for (int i = 0; i < last; i++)
        {
            _gram[(i * _capacity) + last] = row[i];
        }
    }

    /// <summary>Takes q from the vector over all columns.</summary>
    public void Refresh(ReadOnlySpan<double> q)
    {
        for (int i = 0; i < Count; i++)
        {
            _q[i] = (float)q[_columns[i]];
        }
    }

    /// <summary>Passes, at least one, until the gap over the working set alone is within the tolerance, or the passes are used up; returns their number.</summary>
    public int Minimise(double nullLoss, double lambda, double tolerance, int maximumPasses)
    {
        double mu = lambda / 2;
        int passes = 0, nextExactStep = FirstExactStep, wait = PassesBetweenExactSteps;
        while (passes < maximumPasses)
        {
            bool changed = Pass(mu);
            passes++;
            if (!changed || RelativeGap(nullLoss, lambda) <= tolerance)
            {
                break;
            }

            if (passes >= nextExactStep)
            {
                wait = _step.Apply(_gram, _capacity, _w.AsSpan(0, Count), _q.AsSpan(0, Count), mu) ? PassesBetweenExactSteps : 2 * wait;
                nextExactStep = passes + wait;
            }
        }

        return passes;
    }

    /// <summary>The coefficients by ascending column.</summary>
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

    private bool Pass(double mu)
    {
        bool changed = false;
        Span<float> q = _q.AsSpan(0, Count);
        Span<double> w = _w.AsSpan(0, Count);
        for (int i = 0; i < q.Length; i++)
        {
            double old = w[i], value = q[i];
            if (old == 0 && Math.Abs(value) <= mu)
            {
                continue;
            }

            double square = _gram[(i * _capacity) + i];
            if (square <= 0)
            {
                continue;
            }

            double updated = L1Penalty.SoftThreshold(value + (square * old), mu) / square;
            if (updated != old)
            {
                w[i] = updated;
                VectorLoops.AddScaled((float)(old - updated), _gram.AsSpan(i * _capacity, q.Length), q);
                changed = true;
            }
        }

        return changed;
    }

    private double RelativeGap(double nullLoss, double lambda)
    {
        double norm = 0, explained = 0, fitted = 0;

        // Columns outside the working set may correlate as much as lambda / 2, and so bound the dual point too.
        double largest = lambda / 2;
        for (int i = 0; i < Count; i++)
        {
            norm += Math.Abs(_w[i]);
            explained += _w[i] * _products[i];
            fitted += _w[i] * _q[i];
            largest = Math.Max(largest, Math.Abs((double)_q[i]));
        }

        double targetTimesResidual = nullLoss - explained;
        double loss = Math.Max(0, targetTimesResidual - fitted);
        (double primal, double dual) = SquaredLoss.Evaluate(loss, targetTimesResidual, largest, norm, lambda);
        return (primal - dual) / nullLoss;
    }

    private void Enlarge()
    {
        int capacity = Math.Max(32, 2 * _capacity);
        float[] gram = GC.AllocateUninitializedArray<float>(checked(capacity * capacity));
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
    }
}
