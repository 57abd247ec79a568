using System.Runtime.CompilerServices;
using CircuitLasso.Numerics;

namespace CircuitLasso.Regression;

/// <summary>
/// Columns of a <see cref="SharedDesign"/> that a Newton step works on, with coefficients, and their weighted Gram matrix X' diag(omega) X. Sparse
/// columns are kept once more by row, so that the Gram matrix takes as many multiply-adds as half the sum over rows of the square of their
/// entries. Column j counts as scale[j] times itself. For one thread.
/// </summary>
internal sealed class WeightedWorkingSet(SharedDesign design, double[]? scales)
{
    private const int RowsPerProduct = 512;
    private int _capacity;
    private int _weighed;
    private int[] _columns = [];
    private double[] _coefficients = [];
    private double[] _gram = [];
    private double[] _sums = [];
    private double[] _block = [];
    private double[] _scaled = [];
    private int[] _starts = [];
    private int[] _places = [];
    private float[] _values = [];
    private bool _isByRow;

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
        (Count, _weighed, _isByRow) = (0, 0, false);
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
    public void Correlate(ReadOnlySpan<double> residuals, Span<double> products)
    {
        for (int k = 0; k < Count; k++)
        {
            products[k] = Scale(k) * design.Column(_columns[k]).Dot(residuals);
        }
    }

    /// <summary>scores += X coefficients.</summary>
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

        if (_scaled.Length < Count)
        {
            _scaled = new double[_capacity];
        }

        for (int k = 0; k < coefficients.Length; k++)
        {
            _scaled[k] = Scale(k) * coefficients[k];
        }

        for (int i = 0; i < scores.Length; i++)
        {
            int start = _starts[i], length = _starts[i + 1] - start;
            scores[i] += VectorLoops.Dot(_places.AsSpan(start, length), _values.AsSpan(start, length), _scaled);
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

        if (design.Column(_columns[0]).IsWhole)
        {
            WeighWhole(omega, first);
        }
        else
        {
            KeepByRow();
            WeighRows(omega, first);
        }

        for (int k = first; k < Count && scales is not null; k++)
        {
            for (int l = 0; l <= k; l++)
            {
                _gram[(k * _capacity) + l] *= Scale(k) * Scale(l);
            }
        }

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

    private void KeepByRow()
    {
        if (_isByRow)
        {
            return;
        }

        Array.Resize(ref _starts, design.Rows + 1);
        Array.Clear(_starts);
        for (int k = 0; k < Count; k++)
        {
            foreach (int row in design.Column(_columns[k]).Rows)
            {
                _starts[row]++;
            }
        }

        int total = 0;
        for (int i = 0; i < _starts.Length; i++)
        {
            (_starts[i], total) = (total, total + _starts[i]);
        }

        if (_places.Length < total)
        {
            (_places, _values) = (new int[2 * total], new float[2 * total]);
        }

        // Places ascend within every row, because columns are taken in order.
        for (int k = 0; k < Count; k++)
        {
            DesignColumn column = design.Column(_columns[k]);
            for (int i = 0; i < column.Rows.Length; i++)
            {
                int at = _starts[column.Rows[i]]++;
                (_places[at], _values[at]) = (k, column.Values[i]);
            }
        }

        _starts.AsSpan(0, design.Rows).CopyTo(_starts.AsSpan(1));
        _starts[0] = 0;
        _isByRow = true;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void WeighRows(ReadOnlySpan<double> omega, int first)
    {
        for (int i = 0; i < omega.Length; i++)
        {
            ReadOnlySpan<int> places = _places.AsSpan(_starts[i], _starts[i + 1] - _starts[i]);
            ReadOnlySpan<float> values = _values.AsSpan(_starts[i], places.Length);
            for (int a = places.Length - 1; a >= 0 && places[a] >= first; a--)
            {
                Span<double> row = _gram.AsSpan(places[a] * _capacity, places[a] + 1);
                double factor = omega[i] * values[a];
                for (int b = 0; b <= a; b++)
                {
                    row[places[b]] += factor * values[b];
                }
            }
        }
    }

    private void WeighWhole(ReadOnlySpan<double> omega, int first)
    {
        int added = Count - first, rows = design.Rows;
        if (_block.Length < (Count + added) * RowsPerProduct)
        {
            _block = new double[(_capacity + added) * RowsPerProduct];
        }

        for (int start = 0; start < rows; start += RowsPerProduct)
        {
            int height = Math.Min(RowsPerProduct, rows - start);
            Span<double> plain = _block.AsSpan(0, Count * height), weighted = _block.AsSpan(plain.Length, added * height);
            for (int k = 0; k < Count; k++)
            {
                ReadOnlySpan<float> values = design.Column(_columns[k]).Values.Slice(start, height);
                Span<double> target = plain.Slice(k * height, height);
                for (int i = 0; i < height; i++)
                {
                    target[i] = values[i];
                }

                if (k >= first)
                {
                    Span<double> product = weighted.Slice((k - first) * height, height);
                    for (int i = 0; i < height; i++)
                    {
                        product[i] = target[i] * omega[start + i];
                    }
                }
            }

            MatrixBackend.Default.Gemm(false, true, added, Count, height, 1.0, weighted, height, plain, height, 1.0, _gram.AsSpan(first * _capacity), _capacity);
        }
    }

    private void Enlarge()
    {
        int capacity = Math.Max(32, 2 * _capacity);
        double[] gram = new double[checked(capacity * capacity)];
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
