using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace CircuitLasso.Regression;

/// <summary>The columns that a target is solved on, grown by the worst violators, and their packed problem. For one thread.</summary>
internal sealed class WorkingSet(SharedGramProblem problem, GramReader gram)
{
    private const int FirstSize = 10;
    private const double SmallestSingleTolerance = 1e-5;
    private readonly double[] _products = new double[problem.Design.Columns];

    // One above the place of each column in the packed problem; zero where it is not in it.
    private readonly int[] _places = new int[problem.Design.Columns];
    private int[] _violators = [];
    private double[] _violations = [];

    // The more columns there are, the more a round over all of them costs beside one more column in the set: at 8,192 and more, a sixteenth
    // of the violators are taken in at once, at 2,048 and fewer a quarter of that.
    private readonly int _violatorsPerColumn = Math.Clamp((1 << 17) / problem.Design.Columns, 16, 64);
    private readonly bool _nonNegative = problem.Options.NonNegative;
    private readonly bool _isUniform = problem.IsUniform;
    private float[] _row = new float[64];

    /// <summary>The problem on these columns; in float64 where the gap asked for is near what float32 resolves.</summary>
    public IPackedLasso Packed { get; } = problem.Options.Tolerance < SmallestSingleTolerance
        ? new PackedLasso<double>(problem.Options.NonNegative)
        : new PackedLasso<float>(problem.Options.NonNegative);

    /// <summary>X'y.</summary>
    public ReadOnlySpan<double> Products => _products;

    /// <summary>Begins with no columns.</summary>
    public void Start(ReadOnlySpan<double> products)
    {
        foreach (int column in Packed.Columns)
        {
            _places[column] = 0;
        }

        Packed.Clear();
        products.CopyTo(_products);
    }

    /// <summary>
    /// Takes in the worst violators of |q[j]| at most mu c[j]: as many as there are columns in it, at least ten, and a share of the violators.
    /// False where there are none.
    /// </summary>
    public bool Grow(ReadOnlySpan<double> q, ColumnRange[] allowed, double mu)
    {
        int found = FindViolators(q, allowed, mu), first = Packed.Columns.Length, room = Math.Max(Math.Max(FirstSize, first), found / _violatorsPerColumn);
        double threshold = found > room ? Ranking.Threshold(_violations.AsSpan(0, found), mu, room) : 0;
        int taken = 0;
        for (int i = 0; i < found && taken < room; i++)
        {
            if (_violations[i] >= threshold)
            {
                _violators[taken++] = _violators[i];
            }
        }

        for (int i = 0; i < taken; i++)
        {
            if (i + 1 < taken)
            {
                gram.Fetch(_violators[i + 1]);
            }

            Add(_violators[i], q);
        }

        Packed.Mirror(first);
        return Packed.Columns.Length > first;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private int FindViolators(ReadOnlySpan<double> q, ColumnRange[] allowed, double mu)
    {
        int found = 0, width = Vector<double>.Count;
        Vector<double> bound = new(mu);
        foreach (ColumnRange range in allowed)
        {
            if (_violators.Length <= found + range.Length)
            {
                Array.Resize(ref _violators, found + range.Length + 1);
                Array.Resize(ref _violations, _violators.Length);
            }

            int j = range.Start;
            if (problem.IsUniform)
            {
                // Most columns are no violators, and are passed over several at a time.
                ReadOnlySpan<Vector<double>> part = MemoryMarshal.Cast<double, Vector<double>>(q.Slice(range.Start, range.Length));
                for (int i = 0; i < part.Length; i++, j += width)
                {
                    if (Vector.GreaterThanAny(Vector.Abs(part[i]), bound))
                    {
                        found = Collect(q, j, j + width, mu, found);
                    }
                }
            }

            found = Collect(q, j, range.End, mu, found);
        }

        return found;
    }

    /// <summary>Adds the violators of a range. Where most columns are some, which ones cannot be foreseen, so nothing branches on it.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private int Collect(ReadOnlySpan<double> q, int start, int end, double mu, int found)
    {
        ReadOnlySpan<double> part = q[start..end], factors = problem.Factors.AsSpan(start, part.Length);
        ReadOnlySpan<int> places = _places.AsSpan(start, part.Length);
        Span<int> violators = _violators;
        Span<double> violations = _violations.AsSpan(0, violators.Length);
        for (int j = 0; j < part.Length; j++)
        {
            double size = _nonNegative ? part[j] : Math.Abs(part[j]), violation = _isUniform ? size : size / factors[j];
            violators[found] = start + j;
            violations[found] = violation;
            found += (violation > mu ? 1 : 0) & (places[j] == 0 ? 1 : 0);
        }

        return found;
    }

    private void Add(int column, ReadOnlySpan<double> q)
    {
        int count = Packed.Columns.Length;
        if (_row.Length <= count)
        {
            Array.Resize(ref _row, 2 * _row.Length);
        }

        gram.Gather(column, Packed.Columns, _places, _row.AsSpan(0, count));
        Packed.Add(column, _products[column], q[column], problem.Factors[column], _row, problem.Squares[column]);
        _places[column] = count + 1;
    }
}
