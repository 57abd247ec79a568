using System.Globalization;
using CircuitLasso.Numerics;

namespace CircuitLasso;

/// <summary>Rows of several sites of a store side by side, read from the mapped shards in pieces.</summary>
/// <remarks>Keeps buffers for one piece. Not thread-safe. Owns nothing: the store must stay open.</remarks>
internal sealed class StoreRows
{
    private readonly ActivationStoreReader _store;
    private readonly StoreSite[] _sites;
    private readonly int[] _firstColumns;
    private long[] _ends = [];
    private int[] _indices = [];
    private float[] _values = [];

    /// <summary>Chooses the sites.</summary>
    /// <param name="store">The store.</param>
    /// <param name="sites">The sites, in the order of their columns.</param>
    /// <exception cref="InputException">There are more columns than a matrix may have.</exception>
    public StoreRows(ActivationStoreReader store, IEnumerable<StoreSite> sites)
    {
        _store = store;
        _sites = [.. sites];
        _firstColumns = new int[_sites.Length];
        long columns = 0;
        for (int i = 0; i < _sites.Length; i++)
        {
            _firstColumns[i] = (int)columns;
            columns += _sites[i].Width;
            if (columns > Array.MaxLength)
            {
                throw new InputException(store.Folder, $"its sites up to {_sites[i].Name} have {columns} columns together", "give fewer sites");
            }
        }

        Columns = (int)columns;
    }

    /// <summary>Number of columns of all sites.</summary>
    public int Columns { get; }

    /// <summary>Number of entries that rows have: what is stored of sparse sites, and every number of dense ones.</summary>
    /// <exception cref="InputException">There are more than an array may have.</exception>
    public int CountEntries(long firstRow, int rowCount)
    {
        long entries = _sites.Sum(site => site.Kind == StoreSiteKind.Dense ? (long)rowCount * site.Width : _store.CountValues(site.Name, firstRow, rowCount));
        return entries <= Array.MaxLength
            ? (int)entries
            : throw new InputException(_store.Folder, $"{rowCount} rows of {_sites.Length} sites have {entries} entries, more than {Array.MaxLength}", "give fewer sites, or collect fewer texts");
    }

    /// <summary>Reads rows as entries, the columns of a row ascending.</summary>
    /// <param name="firstRow">The first row.</param>
    /// <param name="ends">Takes where each row ends among the entries of this piece.</param>
    /// <param name="indices">Takes the columns; as long as <see cref="CountEntries"/> says.</param>
    /// <param name="values">Takes the values.</param>
    public void ReadEntries(long firstRow, Span<long> ends, Span<int> indices, Span<float> values)
    {
        int rows = ends.Length;
        Span<long> starts = Room(ref _ends, rows + 1);

        // Entries of a row before a site's, then places of the next entries.
        ends.Clear();
        foreach (StoreSite site in _sites)
        {
            if (site.Kind == StoreSiteKind.Dense)
            {
                for (int row = 0; row < rows; row++)
                {
                    ends[row] += site.Width;
                }

                continue;
            }

            ReadSparse(site, firstRow, starts);
            for (int row = 0; row < rows; row++)
            {
                ends[row] += starts[row + 1] - starts[row];
            }
        }

        long[] next = new long[rows];
        for (int row = 1; row < rows; row++)
        {
            next[row] = ends[row - 1];
            ends[row] += ends[row - 1];
        }

        for (int i = 0; i < _sites.Length; i++)
        {
            ReadSite(i, firstRow, starts, next, indices, values);
        }
    }

    /// <summary>Reads rows as plain numbers, row-major.</summary>
    public void ReadNumbers(long firstRow, Span<float> destination)
    {
        int rows = destination.Length / Columns;
        Span<long> starts = Room(ref _ends, rows + 1);
        destination.Clear();
        for (int i = 0; i < _sites.Length; i++)
        {
            StoreSite site = _sites[i];
            if (site.Kind == StoreSiteKind.Dense)
            {
                Span<float> numbers = ReadDense(site, firstRow, rows);
                for (int row = 0; row < rows; row++)
                {
                    numbers.Slice(row * site.Width, site.Width).CopyTo(destination.Slice((row * Columns) + _firstColumns[i], site.Width));
                }

                continue;
            }

            ReadSparse(site, firstRow, starts);
            for (int row = 0; row < rows; row++)
            {
                Span<float> numbers = destination.Slice((row * Columns) + _firstColumns[i], site.Width);
                for (int at = (int)starts[row]; at < (int)starts[row + 1]; at++)
                {
                    numbers[_indices[at]] = _values[at];
                }
            }
        }
    }

    private static Span<T> Room<T>(ref T[] buffer, long length)
    {
        if (buffer.Length < length)
        {
            buffer = new T[length];
        }

        return buffer.AsSpan(0, (int)length);
    }

    private static int FirstNotFinite(ReadOnlySpan<float> values)
    {
        for (int i = 0; i < values.Length; i++)
        {
            if (!float.IsFinite(values[i]))
            {
                return i;
            }
        }

        return -1;
    }

    private InputException NotFinite(StoreSite site, long row, int column, float value) =>
        new(_store.Folder, string.Create(CultureInfo.InvariantCulture, $"site {site.Name}: row {row}, column {column} (both from 0) is {value}"), "make the store again");

    private void ReadSite(int site, long firstRow, Span<long> starts, long[] next, Span<int> indices, Span<float> values)
    {
        int width = _sites[site].Width, firstColumn = _firstColumns[site];
        bool isDense = _sites[site].Kind == StoreSiteKind.Dense;
        if (isDense)
        {
            ReadDense(_sites[site], firstRow, next.Length);
        }
        else
        {
            ReadSparse(_sites[site], firstRow, starts);
        }

        for (int row = 0; row < next.Length; row++)
        {
            int start = isDense ? row * width : (int)starts[row], count = isDense ? width : (int)(starts[row + 1] - starts[row]);
            _values.AsSpan(start, count).CopyTo(values[(int)next[row]..]);
            Span<int> columns = indices.Slice((int)next[row], count);
            for (int k = 0; k < count; k++)
            {
                columns[k] = firstColumn + (isDense ? k : _indices[start + k]);
            }

            next[row] += count;
        }
    }

    private Span<float> ReadDense(StoreSite site, long firstRow, int rows)
    {
        Span<float> numbers = Room(ref _values, (long)rows * site.Width);
        _store.ReadRows(site.Name, firstRow, rows, numbers);
        if (FirstNotFinite(numbers) is var at and >= 0)
        {
            throw NotFinite(site, firstRow + (at / site.Width), at % site.Width, numbers[at]);
        }

        return numbers;
    }

    private void ReadSparse(StoreSite site, long firstRow, Span<long> starts)
    {
        long count = _store.CountValues(site.Name, firstRow, starts.Length - 1);
        Span<float> values = Room(ref _values, count);
        _store.ReadSparseRows(site.Name, firstRow, starts.Length - 1, starts, Room(ref _indices, count), values);
        if (FirstNotFinite(values) is var at and >= 0)
        {
            int row = 0;
            while (starts[row + 1] <= at)
            {
                row++;
            }

            throw NotFinite(site, firstRow + row, _indices[at], values[at]);
        }
    }
}
