using System.Globalization;
using CircuitLasso.Numerics;
using CircuitLasso.Regression;

namespace CircuitLasso;

/// <summary>
/// Columns of sites of a store side by side: of each site its features, then the coordinates of its error. Features stay sparse; an error is kept with all of its
/// numbers. Immutable; safe for several threads.
/// </summary>
internal sealed class FeatureColumns
{
    private const int NumbersPerPiece = 1 << 20;
    private const int MostRowsPerPiece = 4096;
    private const int BytesPerEntry = 16;
    private const int ExpectedFeaturesPerRow = 128;
    private readonly CompressedColumns<float> _columns;
    private readonly CompressedColumns<float> _rows;
    private readonly string _subject;

    private FeatureColumns(CompressedColumns<float> columns, CompressedColumns<float> rows, FeatureBlock[] blocks, string subject)
    {
        (_columns, _rows, Blocks, _subject) = (columns, rows, blocks, subject);
    }

    /// <summary>The sites.</summary>
    public IReadOnlyList<FeatureBlock> Blocks { get; }

    /// <summary>Number of rows.</summary>
    public int Rows => _columns.RowCount;

    /// <summary>Reads sites.</summary>
    /// <param name="store">The store.</param>
    /// <param name="sites">The sites, in the order of their columns.</param>
    /// <param name="texts">The texts, each of which is a row with its positions side by side; null where rows are as stored.</param>
    /// <param name="rows">The rows that count, ascending; null for all.</param>
    /// <param name="progress">Told of rows read.</param>
    /// <param name="cancellation">Stops between pieces.</param>
    public static FeatureColumns Read(
        ActivationStoreReader store, FeatureSite[] sites, TextPositions? texts, int[]? rows, IProgress<WorkProgress>? progress, CancellationToken cancellation)
    {
        StoreRows source = new(store, Stored(store, sites));
        int count = RowCount(store), entries = source.CountEntries(0, count), piece = PieceRows(sites);
        long[] starts = new long[count + 1];
        int[] indices = new int[entries];
        float[] values = new float[entries];
        for (int first = 0, next; first < count; first = next)
        {
            cancellation.ThrowIfCancellationRequested();
            next = (int)Math.Min((long)first + piece, count);
            int before = (int)starts[first], some = source.CountEntries(first, next - first);
            Span<long> ends = starts.AsSpan(first + 1, next - first);
            source.ReadEntries(first, ends, indices.AsSpan(before, some), values.AsSpan(before, some));
            foreach (ref long end in ends)
            {
                end += before;
            }

            progress?.Report(new WorkProgress("reading " + sites[^1].Name, next, count, "rows"));
        }

        CompressedColumns<float> byRows = new(source.Columns, starts, indices, values);
        if (texts is not null)
        {
            byRows = texts.Fold(byRows);
            sites = [.. Enumerable.Range(0, texts.Positions).SelectMany(position => sites.Select(site => site with { Position = position }))];
        }

        CompressedColumns<float> columns = byRows.Transpose();
        if (rows is not null)
        {
            columns = columns.SelectRows(rows);
            byRows = columns.Transpose();
        }

        return new FeatureColumns(columns, byRows, BlocksOf(sites), store.Folder);
    }

    /// <summary>The columns up to a position, of columns that keep positions apart.</summary>
    /// <param name="position">The last position.</param>
    public FeatureColumns UpTo(int position)
    {
        FeatureBlock[] blocks = [.. Blocks.TakeWhile(block => block.Site.Position <= position)];
        return blocks.Length == Blocks.Count ? this : At(blocks);
    }

    /// <summary>The columns of one position.</summary>
    /// <param name="position">The position.</param>
    public FeatureColumns At(int position) => At([.. Blocks.Where(block => block.Site.Position == position)]);

    private FeatureColumns At(FeatureBlock[] blocks)
    {
        int first = blocks[0].FirstFeature;
        CompressedColumns<float> columns = Select([.. Enumerable.Range(first, blocks[^1].End - first)]);
        FeatureBlock[] moved = [.. blocks.Select(block => new FeatureBlock(block.Site, block.FirstFeature - first, block.FirstError - first, block.End - first))];
        return new FeatureColumns(columns, columns.Transpose(), moved, _subject);
    }

    /// <summary>Bytes that <see cref="Read"/> keeps of sites.</summary>
    /// <param name="store">The store.</param>
    /// <param name="sites">The sites.</param>
    /// <param name="positions">How many times each column is there.</param>
    public static long EstimateBytes(ActivationStoreReader store, FeatureSite[] sites, int positions)
    {
        StoreRows source = new(store, Stored(store, sites));
        int rows = RowCount(store);
        return ((long)BytesPerEntry * source.CountEntries(0, rows)) + (20L * source.Columns * positions) + (16L * rows) + (12L * NumbersPerPiece);
    }

    /// <summary>The columns as a design.</summary>
    public SharedDesign CreateDesign(bool centred) => SharedDesign.Create(_columns, _subject, centred, _rows);

    /// <summary>Some of the columns.</summary>
    public CompressedColumns<float> Select(ReadOnlySpan<int> columns)
    {
        long[] starts = new long[columns.Length + 1];
        for (int k = 0; k < columns.Length; k++)
        {
            starts[k + 1] = starts[k] + _columns.RowsOf(columns[k]).Length;
        }

        int[] rows = new int[checked((int)starts[^1])];
        float[] values = new float[rows.Length];
        for (int k = 0; k < columns.Length; k++)
        {
            _columns.RowsOf(columns[k]).CopyTo(rows.AsSpan((int)starts[k]));
            _columns.ValuesOf(columns[k]).CopyTo(values.AsSpan((int)starts[k]));
        }

        return new CompressedColumns<float>(Rows, starts, rows, values);
    }

    /// <summary>One number of a column.</summary>
    public float Value(int column, int row)
    {
        int at = _columns.RowsOf(column).BinarySearch(row);
        return at < 0 ? 0 : _columns.ValuesOf(column)[at];
    }

    /// <summary>Sum over rows of the square of a column less its mean.</summary>
    public double Variation(int column)
    {
        double sum = 0, squares = 0;
        foreach (float value in _columns.ValuesOf(column))
        {
            sum += value;
        }

        double mean = sum / Rows;
        foreach (float value in _columns.ValuesOf(column))
        {
            squares += (value - mean) * (value - mean);
        }

        return squares + ((Rows - _columns.ValuesOf(column).Length) * mean * mean);
    }

    /// <summary>Sum over rows of a column times numbers whose mean is 0.</summary>
    public double Covariation(int column, double[] centred)
    {
        ReadOnlySpan<int> rows = _columns.RowsOf(column);
        ReadOnlySpan<float> values = _columns.ValuesOf(column);
        double sum = 0;
        for (int i = 0; i < rows.Length; i++)
        {
            sum += values[i] * centred[rows[i]];
        }

        return sum;
    }

    /// <summary>A combination of columns, row by row, less its mean.</summary>
    public double[] Combine(IEnumerable<(int Column, double Weight)> weights)
    {
        double[] sums = new double[Rows];
        foreach ((int column, double weight) in weights)
        {
            AddScaled(column, weight, sums);
        }

        return Centred(sums);
    }

    /// <summary>Numbers less their mean.</summary>
    public static double[] Centred(double[] numbers)
    {
        double mean = numbers.Average();
        return [.. numbers.Select(number => number - mean)];
    }

    /// <summary>The site that a column belongs to.</summary>
    public FeatureBlock BlockOf(int column)
    {
        int at = 0;
        while (Blocks[at].End <= column)
        {
            at++;
        }

        return Blocks[at];
    }

    /// <summary>Whether these are the columns of stored sites, in this order.</summary>
    public bool Covers(FeatureSite[] stored) => Blocks.Where(block => block.Site.Position is null or 0).Select(block => block.Site with { Position = null }).SequenceEqual(stored);

    /// <summary>Where a site lies, or null.</summary>
    public FeatureBlock? Find(FeatureSite site)
    {
        foreach (FeatureBlock block in Blocks)
        {
            if (block.Site == site)
            {
                return block;
            }
        }

        return null;
    }

    private void AddScaled(int column, double weight, double[] sums)
    {
        ReadOnlySpan<int> rows = _columns.RowsOf(column);
        ReadOnlySpan<float> values = _columns.ValuesOf(column);
        for (int i = 0; i < (weight != 0 ? rows.Length : 0); i++)
        {
            sums[rows[i]] += weight * values[i];
        }
    }

    private static IEnumerable<StoreSite> Stored(ActivationStoreReader store, FeatureSite[] sites) =>
        sites.SelectMany(site => site.Error is { } error ? [store.Site(site.Name), error] : new[] { store.Site(site.Name) });

    private static FeatureBlock[] BlocksOf(FeatureSite[] sites)
    {
        int column = 0;
        List<FeatureBlock> blocks = [];
        foreach (FeatureSite site in sites)
        {
            int error = column + site.Features, end = error + (site.Error?.Width ?? 0);
            blocks.Add(new FeatureBlock(site, column, error, end));
            column = end;
        }

        return [.. blocks];
    }

    private static int PieceRows(FeatureSite[] sites) =>
        (int)Math.Clamp(NumbersPerPiece / sites.Sum(site => ExpectedFeaturesPerRow + (long)(site.Error?.Width ?? 0)), 1, MostRowsPerPiece);

    private static int RowCount(ActivationStoreReader store) => store.RowCount is > 0 and <= int.MaxValue
        ? (int)store.RowCount
        : throw new InputException(store.Folder, string.Create(CultureInfo.InvariantCulture, $"has {store.RowCount} rows"), "give a store of at least one row, and of no more than a matrix may have");
}
