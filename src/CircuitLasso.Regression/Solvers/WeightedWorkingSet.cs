using System.Runtime.CompilerServices;
using CircuitLasso.Numerics;

namespace CircuitLasso.Regression;

/// <summary>
/// Columns of a <see cref="SharedDesign"/> that a Newton step works on, with coefficients, and their weighted Gram matrix X' diag(omega) X. The
/// columns are kept once more by row: the popular ones as plain numbers, whose products are those of dense matrices, the rare ones as entries,
/// whose products take half the sum over rows of the square of their number. Column j counts as scale[j] times itself. For one thread.
/// </summary>
/// <remarks>Entries times the root of omega are rounded to float32 and all their products summed in float64, so the matrix has no negative eigenvalue.</remarks>
internal sealed partial class WeightedWorkingSet(SharedDesign design, double[]? scales)
{
    // A column with more entries than one row in so many is popular.
    private const int RowsPerPopularEntry = 3;
    private int _capacity;
    private int _weighed;
    private int[] _columns = [];
    private double[] _coefficients = [];
    private double[] _gram = [];
    private double[] _sums = [];
    private double[] _scaled = [];
    private bool _isByRow;

    // Popular columns: their places, and their values row after row.
    private int[] _popular = [];
    private int _popularCount;
    private int _counted;
    private float[] _panel = [];

    // Entries of rare columns by row: how many, where rows start, the places, the values.
    private int[] _entriesOfRow = [];
    private int[] _starts = [];
    private int[] _places = [];
    private float[] _values = [];

    // Per call: the panel times the roots of omega, its products with itself and with rare columns, and one row of entries.
    private float[] _weightedPanel = [];
    private double[] _popularGram = [];
    private double[] _cross = [];
    private double[] _entries = [];

    public int Count { get; private set; }

    public Span<double> Coefficients => _coefficients.AsSpan(0, Count);

    /// <summary>Lower triangle of the Gram matrix, element (i, j) at i times <see cref="Stride"/> + j.</summary>
    public ReadOnlySpan<double> Gram => _gram;

    public int Stride => _capacity;

    /// <summary>X' omega, for the intercept.</summary>
    public ReadOnlySpan<double> Sums => _sums.AsSpan(0, Count);

    /// <summary>How many of the columns the Gram matrix has.</summary>
    public int Weighed => _weighed;

    public int ColumnAt(int place) => _columns[place];

    public void Clear()
    {
        (Count, _weighed, _popularCount, _counted, _isByRow) = (0, 0, 0, 0, false);
        Array.Clear(_entriesOfRow);
    }

    public void Add(int column)
    {
        if (Count == _capacity)
        {
            Enlarge();
        }

        (_columns[Count], _coefficients[Count]) = (column, 0);
        Count++;
        _isByRow = false;
    }

    /// <summary>X' residuals.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Correlate(ReadOnlySpan<double> residuals, Span<double> products)
    {
        for (int k = 0; k < Count; k++)
        {
            products[k] = Scale(k) * design.Column(_columns[k]).Dot(residuals);
        }
    }

    /// <summary>scores += X coefficients.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void AddTo(ReadOnlySpan<double> coefficients, Span<double> scores)
    {
        if (!_isByRow)
        {
            for (int k = 0; k < coefficients.Length; k++)
            {
                if (coefficients[k] != 0)
                {
                    design.Column(_columns[k]).AddScaledTo(Scale(k) * coefficients[k], scores);
                }
            }

            return;
        }

        if (_scaled.Length < Count + _popularCount)
        {
            _scaled = new double[2 * _capacity];
        }

        Span<double> ofPopular = _scaled.AsSpan(Count, _popularCount);
        for (int k = 0; k < Count; k++)
        {
            _scaled[k] = Scale(k) * coefficients[k];
        }

        for (int s = 0; s < ofPopular.Length; s++)
        {
            ofPopular[s] = _scaled[_popular[s]];
        }

        for (int i = 0; i < scores.Length; i++)
        {
            int start = _starts[i], length = _starts[i + 1] - start;
            scores[i] += VectorLoops.Dot(_panel.AsSpan(i * _popularCount, _popularCount), ofPopular)
                + VectorLoops.Dot(_places.AsSpan(start, length), _values.AsSpan(start, length), _scaled);
        }
    }

    /// <summary>Brings the Gram matrix in line with these weights: all of it, or only the columns that are new since it was computed.</summary>
    public void Weigh(ReadOnlySpan<double> omega, bool onlyNew)
    {
        int first = onlyNew ? _weighed : 0;
        for (int k = first; k < Count; k++)
        {
            Array.Clear(_gram, k * _capacity, Count);
            _sums[k] = Scale(k) * design.Column(_columns[k]).Dot(omega);
        }

        bool hasNewPopular = KeepByRow(first);
        if (_entries.Length < _capacity)
        {
            _entries = new double[_capacity];
            _cross = [];
        }

        if (_cross.Length < Count * _popularCount)
        {
            _cross = new double[Length(_capacity, Math.Min(_capacity, 2 * _popularCount))];
        }

        // What popular columns have to do with all others is computed again when one of them is new.
        int firstCross = hasNewPopular ? 0 : first;
        Array.Clear(_cross, firstCross * _popularCount, (Count - firstCross) * _popularCount);
        WeighRows(omega, first, firstCross);
        for (int k = first; k < Count && scales is not null; k++)
        {
            for (int l = 0; l <= k; l++)
            {
                _gram[(k * _capacity) + l] *= Scale(k) * Scale(l);
            }
        }

        FillPopular(firstCross, hasNewPopular);
        _weighed = Count;
    }

    /// <summary>The coefficients by ascending column, in the units of the design.</summary>
    public SparseVector ToVector()
    {
        int size = Count - Coefficients.Count(0);
        int[] columns = new int[size];
        double[] values = new double[size];
        for (int k = 0, at = 0; k < Count; k++)
        {
            if (_coefficients[k] != 0)
            {
                (columns[at], values[at++]) = (_columns[k], Scale(k) * _coefficients[k]);
            }
        }

        Array.Sort(columns, values);
        return new SparseVector(columns, values);
    }

    private double Scale(int place) => scales is null ? 1 : scales[_columns[place]];

    /// <summary>Products of rare columns from <paramref name="first"/> on with rare ones, and from <paramref name="firstCross"/> on with popular ones.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void WeighRows(ReadOnlySpan<double> omega, int first, int firstCross)
    {
        int popular = _popularCount;
        for (int i = 0; i < omega.Length; i++)
        {
            ReadOnlySpan<int> places = _places.AsSpan(_starts[i], _starts[i + 1] - _starts[i]);
            ReadOnlySpan<float> values = _values.AsSpan(_starts[i], places.Length), plain = _panel.AsSpan(i * popular, popular);
            Span<double> entries = _entries.AsSpan(0, places.Length);
            Span<float> panel = _weightedPanel.AsSpan(i * popular, popular);
            double root = Math.Sqrt(omega[i]);
            for (int a = 0; a < entries.Length; a++)
            {
                entries[a] = (float)(root * values[a]);
            }

            for (int s = 0; s < panel.Length; s++)
            {
                panel[s] = (float)(root * plain[s]);
            }

            for (int a = places.Length - 1; a >= 0 && places[a] >= firstCross; a--)
            {
                int place = places[a];
                double entry = entries[a];
                VectorLoops.AddScaled(entry, panel, _cross.AsSpan(place * popular, popular));
                if (place >= first)
                {
                    Span<double> row = _gram.AsSpan(place * _capacity, place + 1);
                    for (int b = 0; b <= a; b++)
                    {
                        row[places[b]] += entry * entries[b];
                    }
                }
            }
        }
    }

    /// <summary>Writes the products with popular columns to their places.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void FillPopular(int firstCross, bool hasNewPopular)
    {
        for (int k = firstCross, next = 0; k < Count; k++)
        {
            while (next < _popularCount && _popular[next] < k)
            {
                next++;
            }

            if (next < _popularCount && _popular[next] == k)
            {
                continue;
            }

            for (int s = 0; s < _popularCount; s++)
            {
                Write(k, _popular[s], _cross[(k * _popularCount) + s]);
            }
        }

        if (!hasNewPopular)
        {
            return;
        }

        if (_popularGram.Length < _popularCount * _popularCount)
        {
            _popularGram = new double[_popularCount * _popularCount];
        }

        SymmetricProduct.RankK(design.Rows, _popularCount, 1.0, _weightedPanel.AsSpan(0, design.Rows * _popularCount), _popularCount, 0.0, _popularGram, _popularCount);
        for (int s = 0; s < _popularCount; s++)
        {
            for (int t = 0; t <= s; t++)
            {
                Write(_popular[s], _popular[t], _popularGram[(s * _popularCount) + t]);
            }
        }
    }

    private void Write(int k, int l, double value) => _gram[(Math.Max(k, l) * _capacity) + Math.Min(k, l)] = Scale(k) * Scale(l) * value;

    private static int Length(long rows, long columns) => rows * columns <= Array.MaxLength
        ? (int)(rows * columns)
        : throw new InputException("lambda", $"it is so small that a Newton step would need {rows} x {columns} numbers at once", "give a larger one");

    private void Enlarge()
    {
        int capacity = Math.Max(32, 2 * _capacity);
        double[] gram = new double[Length(capacity, capacity)];
        for (int i = 0; i < _weighed; i++)
        {
            _gram.AsSpan(i * _capacity, i + 1).CopyTo(gram.AsSpan(i * capacity));
        }

        _gram = gram;
        _capacity = capacity;
        Array.Resize(ref _columns, capacity);
        Array.Resize(ref _coefficients, capacity);
        Array.Resize(ref _sums, capacity);
    }
}
