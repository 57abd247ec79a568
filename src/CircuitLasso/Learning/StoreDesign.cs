using System.Globalization;
using CircuitLasso.Numerics;
using CircuitLasso.Regression;

namespace CircuitLasso;

/// <summary>
/// Sites of an activation store side by side as one design H, in the order in which the model computes them, for
/// <see cref="SharedGramSolver.SolveBlocks"/>: each site is a block of columns. Rows come straight from the mapped shards, in pieces, to
/// their place in the design. Features (sparse sites) stay sparse, unless more than a fifth of all numbers are entries; a dense site beside them is kept with
/// all of its numbers.
/// </summary>
/// <remarks>
/// Columns are what is stored: heads (<c>attn_z</c>) are not brought into <see cref="ResidualCoordinates"/>. Holds the design (of a sparse one its
/// entries by columns and by rows, 16 bytes each); the store may be closed afterwards. Immutable; safe for several threads.
/// </remarks>
public sealed class StoreDesign : IDisposable
{
    private const int NumbersPerPiece = 1 << 20;
    private const int ExpectedFeaturesPerRow = 128;
    private const int MostRowsPerPiece = 4096;

    private StoreDesign(SharedDesign design, BlockOrder order, RowGroups? groups)
    {
        Design = design;
        Order = order;
        Groups = groups;
    }

    /// <summary>H: rows of the store x columns of the sites.</summary>
    public SharedDesign Design { get; }

    /// <summary>The sites as blocks of columns, in computation order; sites that the model computes side by side share a place.</summary>
    public BlockOrder Order { get; }

    /// <summary>The rows of each text, where positions are not pooled; else null.</summary>
    public RowGroups? Groups { get; }

    /// <summary>Reads the design.</summary>
    /// <param name="store">A finished store.</param>
    /// <param name="sites">The sites, in any order.</param>
    /// <param name="centred">Whether the columns stand for themselves less their means, which is what an intercept amounts to.</param>
    /// <param name="progress">Told of rows read, or null.</param>
    /// <param name="cancellationToken">Stops between pieces.</param>
    /// <exception cref="ArgumentException">No site is named.</exception>
    /// <exception cref="InputException">
    /// The store has no such site, one is named twice or is not a site of a model, a shard is damaged, a number is not finite, or the design is larger than this machine's memory or than a matrix may be.
    /// </exception>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    public static StoreDesign Read(
        ActivationStoreReader store, IReadOnlyList<string> sites, bool centred = false, IProgress<WorkProgress>? progress = null, CancellationToken cancellationToken = default)
    {
        (StoreSite Site, int Place)[] blocks = Blocks(store, sites);
        StoreRows rows = new(store, blocks.Select(block => block.Site));
        int count = RowCount(store);
        RequireMemory(store, EstimateBytes(store, blocks, rows, count));
        BlockOrder order = OrderOf(blocks);
        RowGroups? groups = StoreTexts.Groups(store);
        SharedDesign design = IsDense(store, blocks, rows, count)
            ? ReadDense(store, rows, count, centred, progress, cancellationToken)
            : ReadSparse(store, blocks, rows, count, centred, progress, cancellationToken);
        return new StoreDesign(design, order, groups);
    }

    /// <summary>Bytes that <see cref="Read"/> holds at its peak, the design included.</summary>
    /// <param name="store">A finished store.</param>
    /// <param name="sites">The sites.</param>
    /// <exception cref="ArgumentException">No site is named.</exception>
    /// <exception cref="InputException">The store has no such site, one is named twice or is not a site of a model, a shard is damaged, or the design is larger than a matrix may be.</exception>
    public static long EstimateBytes(ActivationStoreReader store, IReadOnlyList<string> sites)
    {
        (StoreSite Site, int Place)[] blocks = Blocks(store, sites);
        return EstimateBytes(store, blocks, new StoreRows(store, blocks.Select(block => block.Site)), RowCount(store));
    }

    /// <summary>
    /// The Gram matrix H'H of sites, summed over rows that stream by from the mapped shards (<see cref="SparseGramAccumulator"/>), with the bytes of
    /// that of a sparse design of all rows that is not centred. For stores whose entries do not fit memory.
    /// </summary>
    /// <param name="store">A finished store.</param>
    /// <param name="sites">The sites, in any order; the columns are those of <see cref="Order"/>.</param>
    /// <param name="progress">Told of rows summed, or null.</param>
    /// <param name="cancellationToken">Stops between pieces and columns.</param>
    /// <exception cref="ArgumentException">No site is named.</exception>
    /// <exception cref="InputException">As <see cref="Read"/> says.</exception>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    public static SharedGram SumGram(ActivationStoreReader store, IReadOnlyList<string> sites, IProgress<WorkProgress>? progress = null, CancellationToken cancellationToken = default)
    {
        (StoreSite Site, int Place)[] blocks = Blocks(store, sites);
        StoreRows rows = new(store, blocks.Select(block => block.Site));
        RequireMemory(store, BytesOfColumns(rows.Columns));
        SparseGramAccumulator accumulator = new(rows.Columns, subject: store.Folder);
        int piece = PieceRows(blocks);
        for (long start = 0; start < store.RowCount; start += piece)
        {
            cancellationToken.ThrowIfCancellationRequested();
            int count = (int)Math.Min(piece, store.RowCount - start), entries = rows.CountEntries(start, count);
            long[] starts = new long[count + 1];
            int[] indices = new int[entries];
            float[] values = new float[entries];
            rows.ReadEntries(start, starts.AsSpan(1), indices, values);
            accumulator.Add(new CompressedColumns<float>(rows.Columns, starts, indices, values));
            progress?.Report(new WorkProgress("summing rows", start + count, store.RowCount, "rows"));
        }

        return accumulator.Finish(cancellationToken);
    }

    /// <inheritdoc/>
    public void Dispose() => Design.Dispose();

    private static (StoreSite Site, int Place)[] Blocks(ActivationStoreReader store, IReadOnlyList<string> names)
    {
        ArgumentNullException.ThrowIfNull(store);
        ArgumentNullException.ThrowIfNull(names);
        ArgumentOutOfRangeException.ThrowIfZero(names.Count, nameof(names));
        if (names.GroupBy(name => name, StringComparer.Ordinal).FirstOrDefault(same => same.Count() > 1) is { } twice)
        {
            throw new InputException(twice.Key, "is named twice", "name every site once");
        }

        (StoreSite Site, long Place)[] sites = [.. names.Select(name => (store.Site(name), SitePlaces.Of(store, name))).OrderBy(site => site.Item2).ThenBy(site => site.Item1.Name, StringComparer.Ordinal)];
        long[] places = [.. sites.Select(site => site.Place).Distinct()];
        return [.. sites.Select(site => (site.Site, Array.IndexOf(places, site.Place)))];
    }

    private static BlockOrder OrderOf((StoreSite Site, int Place)[] blocks)
    {
        int column = 0;
        List<RegressionBlock> order = [];
        foreach ((StoreSite site, int place) in blocks)
        {
            order.Add(new RegressionBlock(site.Name, column, site.Width, place));
            column += site.Width;
        }

        return new BlockOrder(order);
    }

    private static int RowCount(ActivationStoreReader store) =>
        store.RowCount <= int.MaxValue ? (int)store.RowCount : throw new InputException(store.Folder, $"has {store.RowCount} rows, more than a matrix may have", "collect fewer texts, or pool positions");

    private static bool IsDense(ActivationStoreReader store, (StoreSite Site, int Place)[] blocks, StoreRows rows, int count) =>
        Array.TrueForAll(blocks, block => block.Site.Kind == StoreSiteKind.Dense) || SharedDesign.IsDense(rows.CountEntries(0, count), count, rows.Columns);

    // Rows and columns of a sparse design, or plain numbers, whose Gram matrix sees to itself.
    private static long EstimateBytes(ActivationStoreReader store, (StoreSite Site, int Place)[] blocks, StoreRows rows, int count) =>
        BytesOfColumns(rows.Columns) + (16L * count) + (8L * PieceRows(blocks) * blocks.Sum(block => block.Site.Kind == StoreSiteKind.Dense ? block.Site.Width : (long)ExpectedFeaturesPerRow))
        + (IsDense(store, blocks, rows, count) ? 4L * count * rows.Columns : 16L * rows.CountEntries(0, count));

    // Where columns start, twice while they are sorted, and the block of each.
    private static long BytesOfColumns(int columns) => 20L * columns;

    private static void RequireMemory(ActivationStoreReader store, long needed)
    {
        long available = GC.GetGCMemoryInfo().TotalAvailableMemoryBytes;
        if (needed > available)
        {
            throw new InputException(
                store.Folder, string.Create(CultureInfo.InvariantCulture, $"these sites need about {needed >> 20} MiB, and this machine has {available >> 20} MiB"), "give fewer sites, or collect fewer texts");
        }
    }

    private static int PieceRows((StoreSite Site, int Place)[] blocks) =>
        (int)Math.Clamp(NumbersPerPiece / blocks.Sum(block => block.Site.Kind == StoreSiteKind.Dense ? block.Site.Width : (long)ExpectedFeaturesPerRow), 1, MostRowsPerPiece);

    private static SharedDesign ReadDense(ActivationStoreReader store, StoreRows rows, int count, bool centred, IProgress<WorkProgress>? progress, CancellationToken cancellationToken) =>
        SharedDesign.CreateDense(
            count,
            rows.Columns,
            (first, values) =>
            {
                cancellationToken.ThrowIfCancellationRequested();
                rows.ReadNumbers(first, values);
                progress?.Report(new WorkProgress("reading rows", first + (values.Length / rows.Columns), count, "rows"));
            },
            store.Folder,
            centred);

    private static SharedDesign ReadSparse(
        ActivationStoreReader store, (StoreSite Site, int Place)[] blocks, StoreRows rows, int count, bool centred, IProgress<WorkProgress>? progress, CancellationToken cancellationToken)
    {
        long[] starts = new long[count + 1];
        int[] indices = new int[rows.CountEntries(0, count)];
        float[] values = new float[indices.Length];
        int piece = PieceRows(blocks);
        for (int first = 0, next; first < count; first = next)
        {
            cancellationToken.ThrowIfCancellationRequested();
            next = (int)Math.Min((long)first + piece, count);
            int before = (int)starts[first], entries = rows.CountEntries(first, next - first);
            Span<long> ends = starts.AsSpan(first + 1, next - first);
            rows.ReadEntries(first, ends, indices.AsSpan(before, entries), values.AsSpan(before, entries));
            foreach (ref long end in ends)
            {
                end += before;
            }

            progress?.Report(new WorkProgress("reading rows", next, count, "rows"));
        }

        CompressedColumns<float> byRows = new(rows.Columns, starts, indices, values);
        return SharedDesign.Create(byRows.Transpose(), store.Folder, centred, byRows);
    }
}
