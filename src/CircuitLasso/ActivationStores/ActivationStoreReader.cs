using CircuitLasso.Numerics;

namespace CircuitLasso;

/// <summary>
/// Reads a complete activation store, whoever wrote it, block by block: memory is what the caller gives. Rows are numbered through all shards, so a
/// block may begin and end anywhere.
/// </summary>
/// <remarks>
/// A shard's length, checksum and tensors are checked when it is first read. Reading from several threads is safe; <see cref="Dispose"/> must not
/// race with use. Shards are memory-mapped: they must not be changed while the store is open.
/// </remarks>
public sealed class ActivationStoreReader : IDisposable
{
    private readonly Lazy<StoreShardReader>[] _shards;
    private readonly Lock _constantsLock = new();
    private StoreConstantsFile? _constants;

    private ActivationStoreReader(string folder, ActivationStoreManifest manifest)
    {
        Folder = folder;
        Manifest = manifest;
        _shards = [.. manifest.Shards.Select(shard => new Lazy<StoreShardReader>(() => new StoreShardReader(folder, manifest, shard)))];
    }

    /// <summary>The folder of the store, as the caller named it.</summary>
    public string Folder { get; }

    /// <summary>What is stored, and from what it was made.</summary>
    public ActivationStoreManifest Manifest { get; }

    /// <summary>Number of rows.</summary>
    public long RowCount => Manifest.Rows;

    /// <summary>Opens a store: checks the manifest and that every file is there with its recorded length.</summary>
    /// <param name="folder">The folder of the store.</param>
    /// <exception cref="InputException">There is no store, it is not complete, its manifest is wrong or of a newer version, or a file is missing or of another length.</exception>
    public static ActivationStoreReader Open(string folder)
    {
        ArgumentException.ThrowIfNullOrEmpty(folder);
        ActivationStoreManifest manifest = ActivationStoreManifest.Read(folder);
        if (!manifest.Complete)
        {
            throw new InputException(
                folder, $"the store is not complete ({manifest.Rows} rows so far)", "run the collect command that began it again: it goes on where it was interrupted");
        }

        foreach (StoreShard shard in manifest.Shards)
        {
            StoreFolder.RequireLength(folder, shard.File, shard.Bytes);
        }

        if (manifest.Constants is { } constants)
        {
            StoreFolder.RequireLength(folder, constants.File, constants.Bytes);
        }

        return new ActivationStoreReader(folder, manifest);
    }

    /// <summary>The site of that name.</summary>
    /// <param name="name">The site's name.</param>
    /// <exception cref="InputException">The store has no such site.</exception>
    public StoreSite Site(string name) =>
        Manifest.FindSite(name)
        ?? throw new InputException(Folder, $"has no site {name}", $"choose among {string.Join(", ", Manifest.Sites.Take(40).Select(site => site.Name))}");

    /// <summary>Reads rows of a dense site.</summary>
    /// <param name="site">The site's name.</param>
    /// <param name="firstRow">The first row.</param>
    /// <param name="rowCount">Number of rows.</param>
    /// <param name="destination">Takes rows x width values, row-major.</param>
    /// <exception cref="ArgumentException">The rows are not in the store, the site is not dense, or the destination has another length than they.</exception>
    /// <exception cref="InputException">The store has no such site, or a shard is damaged.</exception>
    public void ReadRows(string site, long firstRow, int rowCount, Span<float> destination)
    {
        int width = Site(site, StoreSiteKind.Dense).Width;
        RequireLength(destination.Length, (long)rowCount * width, nameof(destination));
        foreach ((StoreShardReader shard, int first, int count, int done) in Parts(firstRow, rowCount))
        {
            shard.File.ReadSingle(site, first, count, destination.Slice(done * width, count * width));
        }
    }

    /// <summary>Number of values that rows of a sparse site hold: how long the spans for <see cref="ReadSparseRows"/> are to be.</summary>
    /// <param name="site">The site's name.</param>
    /// <param name="firstRow">The first row.</param>
    /// <param name="rowCount">Number of rows.</param>
    /// <exception cref="ArgumentException">The rows are not in the store, or the site is not sparse.</exception>
    /// <exception cref="InputException">The store has no such site, or a shard is damaged.</exception>
    public long CountValues(string site, long firstRow, int rowCount)
    {
        Site(site, StoreSiteKind.Sparse);
        long count = 0;
        foreach ((StoreShardReader shard, int first, int rows, _) in Parts(firstRow, rowCount))
        {
            (long start, long end) = shard.ValueRange(site, first, rows);
            count += end - start;
        }

        return count;
    }

    /// <summary>Reads rows of a sparse site as compressed sparse rows; the indices of a row ascend.</summary>
    /// <param name="site">The site's name.</param>
    /// <param name="firstRow">The first row.</param>
    /// <param name="rowCount">Number of rows.</param>
    /// <param name="indptr">Takes <paramref name="rowCount"/> + 1 numbers: where each row begins among the values, from 0, and where the last ends.</param>
    /// <param name="indices">Takes the features of the values; as long as <see cref="CountValues"/> says.</param>
    /// <param name="values">Takes the values; as long as <paramref name="indices"/>.</param>
    /// <exception cref="ArgumentException">The rows are not in the store, the site is not sparse, or a span has the wrong length.</exception>
    /// <exception cref="InputException">The store has no such site, or a shard is damaged.</exception>
    public void ReadSparseRows(string site, long firstRow, int rowCount, Span<long> indptr, Span<int> indices, Span<float> values)
    {
        int width = Site(site, StoreSiteKind.Sparse).Width;
        RequireLength(indptr.Length, rowCount + 1L, nameof(indptr));
        RequireLength(indices.Length, CountValues(site, firstRow, rowCount), nameof(indices));
        RequireLength(values.Length, indices.Length, nameof(values));
        int written = 0;
        indptr[0] = 0;
        foreach ((StoreShardReader shard, int first, int count, int done) in Parts(firstRow, rowCount))
        {
            (long start, long end) = shard.ValueRange(site, first, count);
            int length = (int)(end - start);
            Span<long> ends = indptr.Slice(done, count + 1);
            Span<int> shardIndices = indices.Slice(written, length);
            shard.File.ReadInt64(site + StoreNames.IndptrSuffix, first, count + 1, ends);
            shard.File.ReadInt32(site + StoreNames.IndicesSuffix, start, length, shardIndices);
            shard.File.ReadSingle(site + StoreNames.ValuesSuffix, start, length, values.Slice(written, length));
            foreach (ref long rowEnd in ends)
            {
                // A hostile end is far from the others: the difference may wrap round, and the check below refuses whatever comes of it.
                rowEnd = unchecked(rowEnd - start);
            }

            if (SparseRowCheck.FirstProblem(ends, shardIndices, width) is { } problem)
            {
                throw shard.Damaged($"site {site}: {problem}");
            }

            foreach (ref long rowEnd in ends)
            {
                rowEnd += written;
            }

            written += length;
        }
    }

    /// <summary>Reads what rows are of; parts that the store does not keep are 0.</summary>
    /// <param name="firstRow">The first row.</param>
    /// <param name="destination">Takes a description for each row.</param>
    /// <exception cref="ArgumentException">The rows are not in the store.</exception>
    /// <exception cref="InputException">A shard is damaged.</exception>
    public void ReadRowDescriptions(long firstRow, Span<StoreRow> destination)
    {
        foreach ((StoreShardReader shard, int first, int count, int done) in Parts(firstRow, destination.Length))
        {
            shard.ReadRowDescriptions(first, destination.Slice(done, count));
        }
    }

    /// <summary>Reads a target.</summary>
    /// <param name="target">The target's name.</param>
    /// <param name="firstRow">The first row.</param>
    /// <param name="destination">Takes a value for each row.</param>
    /// <exception cref="ArgumentException">The rows are not in the store.</exception>
    /// <exception cref="InputException">The store has no such target, or a shard is damaged.</exception>
    public void ReadTarget(string target, long firstRow, Span<float> destination)
    {
        if (!Manifest.Targets.Contains(target))
        {
            throw new InputException(Folder, $"has no target {target}", $"choose among {string.Join(", ", Manifest.Targets.Take(40).Append("label"))}, or collect again");
        }

        foreach ((StoreShardReader shard, int first, int count, int done) in Parts(firstRow, destination.Length))
        {
            shard.File.ReadSingle(StoreNames.Target(target), first, count, destination.Slice(done, count));
        }
    }

    /// <summary>Reads a constant tensor, such as <c>output_matrix.3</c>.</summary>
    /// <param name="name">The tensor's name.</param>
    /// <exception cref="InputException">The store has no such tensor, or the file of constants is damaged.</exception>
    public StoreConstant ReadConstant(string name)
    {
        if (Manifest.Constants is not { } constants)
        {
            throw new InputException(Folder, $"has no constant tensor {name}", "collect again");
        }

        lock (_constantsLock)
        {
            _constants ??= new StoreConstantsFile(Folder, constants);
        }

        return _constants.Read(name);
    }

    /// <summary>Checks the length, the checksum and the tensors of every file that has not been read yet.</summary>
    /// <param name="shardChecked">Called after each shard with its number of bytes.</param>
    /// <param name="cancellationToken">Stops before the next shard.</param>
    /// <exception cref="InputException">A file is damaged.</exception>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    public void Verify(Action<long>? shardChecked = null, CancellationToken cancellationToken = default)
    {
        if (Manifest.Constants is { } constants)
        {
            using StoreConstantsFile checkedFile = new(Folder, constants);
        }

        for (int i = 0; i < _shards.Length; i++)
        {
            cancellationToken.ThrowIfCancellationRequested();
            _ = _shards[i].Value;
            shardChecked?.Invoke(Manifest.Shards[i].Bytes);
        }
    }

    /// <summary>Unmaps the files. Calling it again does nothing.</summary>
    public void Dispose()
    {
        foreach (Lazy<StoreShardReader> shard in _shards.Where(shard => shard.IsValueCreated))
        {
            shard.Value.Dispose();
        }

        _constants?.Dispose();
    }

    private StoreSite Site(string name, StoreSiteKind kind)
    {
        StoreSite site = Site(name);
        return site.Kind == kind ? site : throw new ArgumentException($"Site {name} is not {(kind == StoreSiteKind.Dense ? "dense" : "sparse")}.", nameof(name));
    }

    // The shards that hold the rows: which of their rows, and how many come before.
    private IEnumerable<(StoreShardReader Shard, int First, int Count, int Done)> Parts(long firstRow, int rowCount)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(firstRow);
        ArgumentOutOfRangeException.ThrowIfNegative(rowCount);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(firstRow, RowCount - rowCount);
        return Walk();

        IEnumerable<(StoreShardReader, int, int, int)> Walk()
        {
            for (int i = ShardOf(firstRow), done = 0; done < rowCount; i++)
            {
                StoreShard shard = Manifest.Shards[i];
                int first = (int)(firstRow + done - shard.FirstRow);
                int count = Math.Min(rowCount - done, shard.Rows - first);
                yield return (_shards[i].Value, first, count, done);
                done += count;
            }
        }
    }

    // The last shard that begins at the row or before it.
    private int ShardOf(long row)
    {
        int low = 0;
        int high = _shards.Length - 1;
        while (low < high)
        {
            int middle = (low + high + 1) / 2;
            (low, high) = Manifest.Shards[middle].FirstRow <= row ? (middle, high) : (low, middle - 1);
        }

        return low;
    }

    private static void RequireLength(int length, long expected, string name)
    {
        if (length != expected)
        {
            throw new ArgumentException($"There is room for {length} elements, but there are {expected}.", name);
        }
    }
}
