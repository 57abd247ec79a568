namespace CircuitLasso.Regression;

/// <summary>
/// The Lasso on a working set: the rows and columns of G that belong to it, packed, grown as it grows. Coordinate descent, with the exact
/// step on the support every few passes. For one thread.
/// </summary>
internal sealed class PackedLasso
{
    private const int FirstExactStep = 4;
    private const int PassesBetweenExactSteps = 6;
    private const int LargestExactStep = 2000;
    private int _capacity;
    private double[] _gram = [];
    private int[] _columns = [];
    private double[] _products = [];
    private double[] _q = [];
    private double[] _w = [];
    private readonly SupportStep _step = new();

    /// <summary>Number of columns in the working set.</summary>
    public int Count { get; private set; }

    /// <summary>The coefficients.</summary>
    public ReadOnlySpan<double> Weights => _w.AsSpan(0, Count);

    /// <summary>The column of H at a place of the working set.</summary>
    public int ColumnAt(int index) => _columns[index];

    public void Clear() => Count = 0;

    /// <summary>Adds a column: its row of G, its product with the target, its coefficient.</summary>
    public void Add(int column, ReadOnlySpan<double> gramRow, double product, double weight)
    {
        if (Count == _capacity)
        {
            Enlarge();
        }

        int last = Count++;
        _columns[last] = column;
        _products[last] = product;
        _w[last] = weight;
        for (int i = 0; i <= last; i++)
        {
            double value = gramRow[_columns[i]];
            _gram[(last * _capacity) + i] = value;
            _gram[(i * _capacity) + last] = value;
        }
    }

    public void SetCorrelation(int index, double q) => _q[index] = q;

    /// <summary>Takes q from the vector over all columns.</summary>
    public void Refresh(ReadOnlySpan<double> q)
    {
        for (int i = 0; i < Count; i++)
        {
            _q[i] = q[_columns[i]];
        }
    }

    /// <summary>Passes until the gap over the working set alone is within the tolerance, or the passes are used up; returns their number.</summary>
    public int Minimise(double nullLoss, double lambda, double tolerance, int maximumPasses) =>
        Run(lambda / 2, maximumPasses, () => RelativeGap(nullLoss, lambda) <= tolerance);

    /// <summary>
    /// For a quadratic that is no sum of squares (a Newton step): 1/2 v'G v - c'v + mu |v|_1 with q = c - G v; passes until no coordinate
    /// violates its optimality condition by more than <paramref name="violation"/>.
    /// </summary>
    public int MinimiseQuadratic(double mu, double violation, int maximumPasses) => Run(mu, maximumPasses, () => LargestViolation(mu) <= violation);

    /// <summary>Takes over a whole quadratic, its matrix row-major.</summary>
    public void Load(ReadOnlySpan<double> matrix, ReadOnlySpan<double> weights, ReadOnlySpan<double> q)
    {
        Count = 0;
        while (_capacity < weights.Length)
        {
            Enlarge();
        }

        Count = weights.Length;
        weights.CopyTo(_w);
        q.CopyTo(_q);
        for (int i = 0; i < Count; i++)
        {
            matrix.Slice(i * Count, Count).CopyTo(_gram.AsSpan(i * _capacity));
        }
    }

    private int Run(double mu, int maximumPasses, Func<bool> isDone)
    {
        int passes = 0, nextExactStep = FirstExactStep, wait = PassesBetweenExactSteps;
        while (passes < maximumPasses && !isDone())
        {
            double change = Pass(mu);
            passes++;
            if (change == 0)
            {
                break;
            }

            if (passes >= nextExactStep)
            {
                bool done = _step.Apply(_gram, _capacity, _w.AsSpan(0, Count), _q.AsSpan(0, Count), mu, LargestExactStep);
                wait = done ? PassesBetweenExactSteps : 2 * wait;
                nextExactStep = passes + wait;
            }
        }

        return passes;
    }

    private double Pass(double mu)
    {
        double largest = 0;
        Span<double> q = _q.AsSpan(0, Count);
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

            double change = (L1Penalty.SoftThreshold(value + (square * old), mu) / square) - old;
            if (change != 0)
            {
                w[i] = old + change;
                VectorLoops.AddScaled(-change, _gram.AsSpan(i * _capacity, q.Length), q);
                largest = Math.Max(largest, Math.Abs(change));
            }
        }

        return largest;
    }

    private double LargestViolation(double mu)
    {
        double largest = 0;
        for (int i = 0; i < Count; i++)
        {
            largest = Math.Max(largest, _w[i] != 0 ? Math.Abs(_q[i] - (mu * Math.Sign(_w[i]))) : Math.Abs(_q[i]) - mu);
        }

        return largest;
    }

    private double RelativeGap(double nullLoss, double lambda)
    {
        double norm = 0, explained = 0, fitted = 0;
        for (int i = 0; i < Count; i++)
        {
            norm += Math.Abs(_w[i]);
            explained += _w[i] * _products[i];
            fitted += _w[i] * _q[i];
        }

        double targetTimesResidual = nullLoss - explained;
        double loss = Math.Max(0, targetTimesResidual - fitted);
        (double primal, double dual) = SquaredLoss.Evaluate(loss, targetTimesResidual, VectorLoops.LargestMagnitude(_q.AsSpan(0, Count)), norm, lambda);
        return (primal - dual) / nullLoss;
    }

    private void Enlarge()
    {
        int capacity = Math.Max(32, 2 * _capacity);
        double[] gram = new double[checked(capacity * capacity)];
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
