namespace CircuitLasso.Regression;

/// <summary>
/// The group Lasso on a working set of groups: the rows and columns of G that belong to it, packed, grown as it grows. Block coordinate
/// descent, with a Newton step on the support every few passes. For one thread.
/// </summary>
internal sealed class PackedGroupLasso
{
    private const int FirstNewtonStep = 4;
    private const int PassesBetweenNewtonSteps = 6;
    private readonly List<PackedGroup> _groups = [];
    private readonly GroupNewtonStep _step = new();
    private int _capacity;
    private double[] _gram = [];
    private int[] _columns = [];
    private double[] _products = [];
    private double[] _q = [];
    private double[] _w = [];
    private double[] _block = [];

    /// <summary>Number of columns in the working set.</summary>
    public int Count { get; private set; }

    /// <summary>Number of groups in the working set.</summary>
    public int Groups => _groups.Count;

    /// <summary>The coefficients.</summary>
    public ReadOnlySpan<double> Weights => _w.AsSpan(0, Count);

    /// <summary>The column of H at a place of the working set.</summary>
    public int ColumnAt(int index) => _columns[index];

    public void Clear()
    {
        Count = 0;
        _groups.Clear();
    }

    /// <summary>Adds a group with its coefficients, taken from those over all columns.</summary>
    public void Add(BlockProblem problem, int target, ReadOnlySpan<int> columns, GroupBlock block, double weight, double lambda, ReadOnlySpan<double> weights)
    {
        while (Count + columns.Length > _capacity)
        {
            Enlarge();
        }

        _groups.Add(new PackedGroup(Count, block, weight, lambda / 2 * weight));
        foreach (int column in columns)
        {
            int last = Count++;
            _columns[last] = column;
            _products[last] = problem.GramRow(target)[column];
            _w[last] = weights[column];
            ReadOnlySpan<double> row = problem.GramRow(column);
            for (int i = 0; i <= last; i++)
            {
                double value = row[_columns[i]];
                _gram[(last * _capacity) + i] = value;
                _gram[(i * _capacity) + last] = value;
            }
        }
    }

    /// <summary>Takes q from the vector over all columns.</summary>
    public void Refresh(ReadOnlySpan<double> q)
    {
        for (int i = 0; i < Count; i++)
        {
            _q[i] = q[_columns[i]];
        }
    }

    /// <summary>Passes until the gap over the working set alone is within the tolerance, or the passes are used up; returns their number.</summary>
    public int Minimise(double nullLoss, double lambda, double tolerance, int maximumPasses)
    {
        int passes = 0, nextNewtonStep = FirstNewtonStep, wait = PassesBetweenNewtonSteps;
        while (passes < maximumPasses && RelativeGap(nullLoss, lambda) > tolerance)
        {
            bool changed = Pass();
            passes++;
            if (!changed)
            {
                break;
            }

            if (passes >= nextNewtonStep)
            {
                bool done = _step.Apply(_gram, _capacity, _groups, _w.AsSpan(0, Count), _q.AsSpan(0, Count));
                wait = done ? PassesBetweenNewtonSteps : 2 * wait;
                nextNewtonStep = passes + wait;
            }
        }

        return passes;
    }

    /// <summary>Primal, dual and loss, from q and the largest ||q_g|| / weight_g of the groups that count.</summary>
    public (double Primal, double Dual, double Loss) Evaluate(double nullLoss, double lambda, double largestRatio)
    {
        double norm = 0, explained = 0, fitted = 0;
        foreach (PackedGroup group in _groups)
        {
            norm += group.Weight * group.Norm(_w);
        }

        for (int i = 0; i < Count; i++)
        {
            explained += _w[i] * _products[i];
            fitted += _w[i] * _q[i];
        }

        // y'r = y'y - w'X'y and r'r = y'r - w'q.
        double targetTimesResidual = nullLoss - explained;
        double loss = Math.Max(0, targetTimesResidual - fitted);
        (double primal, double dual) = SquaredLoss.Evaluate(loss, targetTimesResidual, largestRatio, norm, lambda);
        return (primal, dual, loss);
    }

    private double RelativeGap(double nullLoss, double lambda)
    {
        double largest = 0;
        foreach (PackedGroup group in _groups)
        {
            largest = Math.Max(largest, group.Norm(_q) / group.Weight);
        }

        (double primal, double dual, _) = Evaluate(nullLoss, lambda, largest);
        return (primal - dual) / nullLoss;
    }

    private bool Pass()
    {
        bool changed = false;
        Span<double> q = _q.AsSpan(0, Count);
        foreach (PackedGroup group in _groups)
        {
            int size = group.Size;
            if (_block.Length < 3 * size)
            {
                _block = new double[3 * size];
            }

            Span<double> correlations = _block.AsSpan(0, size), updated = _block.AsSpan(size, size), old = _w.AsSpan(group.Start, size);
            q.Slice(group.Start, size).CopyTo(correlations);
            for (int i = 0; i < size; i++)
            {
                if (old[i] != 0)
                {
                    VectorLoops.AddScaled(old[i], _gram.AsSpan(((group.Start + i) * _capacity) + group.Start, size), correlations);
                }
            }

            group.Block.Minimise(correlations, group.Kappa, updated, _block.AsSpan(2 * size, size));
            for (int i = 0; i < size; i++)
            {
                double change = updated[i] - old[i];
                if (change != 0)
                {
                    old[i] = updated[i];
                    VectorLoops.AddScaled(-change, _gram.AsSpan((group.Start + i) * _capacity, Count), q);
                    changed = true;
                }
            }
        }

        return changed;
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
