using CircuitLasso.Numerics;

namespace CircuitLasso;

/// <summary>
/// Writes an activation store shard by shard, and goes on with one that was interrupted. A shard counts once the manifest records it, which happens
/// after the file is whole on the disk: a process that is killed loses the rows since the last shard, and nothing else. The bytes of the finished store
/// depend on the rows and the settings alone, not on the batches in which the rows came, nor on interruptions.
/// </summary>
/// <remarks>
/// Memory: the rows of one shard and one batch. Not thread-safe. A batch is written as <see cref="BeginBatch"/>, the values of every site and target,
/// <see cref="EndBatch"/>; after the last one, <see cref="Complete"/>.
/// </remarks>
public sealed class ActivationStoreWriter : IDisposable
{
    private readonly string _folder;
    private readonly StoreLock _lock;
    private readonly ShardBuffer _buffer;
    private readonly List<StoreShard> _shards;
    private readonly Action<string>? _beforeOperation;
    private readonly Dictionary<string, int> _given = new(StringComparer.Ordinal);
    private readonly int _firstText;
    private ActivationStoreManifest _manifest;
    private int _lastText;
    private int _batchRows;
    private int _skippedRows;
    private bool _inBatch;

    private ActivationStoreWriter(string folder, ActivationStoreManifest manifest, StoreLock storeLock, Action<string>? beforeOperation)
    {
        _folder = folder;
        _lock = storeLock;
        _beforeOperation = beforeOperation;
        _manifest = manifest;
        _shards = [.. manifest.Shards];
        _buffer = new ShardBuffer(manifest);
        _firstText = CompletedTexts;
        _lastText = _firstText - 1;
    }

    /// <summary>Rows that are in whole shards.</summary>
    public long CompletedRows => _manifest.Rows;

    /// <summary>Texts before this one (by its row in the text file) need not be read again: their rows are in whole shards.</summary>
    public int CompletedTexts => _shards.Count == 0 ? 0 : _shards[^1].LastText + 1;

    /// <summary>Whether the store holds all its rows; then there is nothing to write.</summary>
    public bool IsComplete => _manifest.Complete;

    /// <summary>Creates a store, or goes on with one that the same settings began.</summary>
    /// <param name="folder">Its folder, created if it is not there; a folder with other files in it is refused.</param>
    /// <param name="manifest">What is to be stored and from what; its state (rows, shards, constants) does not count.</param>
    /// <param name="constants">Tensors that are the same for all rows; they must not differ when a store is resumed.</param>
    /// <exception cref="InputException">
    /// The store was made with other settings (the message names the first that differs), another process is writing it, it is damaged, the folder holds
    /// something else, or the disk is full.
    /// </exception>
    public static ActivationStoreWriter Open(string folder, ActivationStoreManifest manifest, IReadOnlyList<StoreConstant>? constants = null) =>
        Open(folder, manifest, constants, null);

    internal static ActivationStoreWriter Open(
        string folder, ActivationStoreManifest manifest, IReadOnlyList<StoreConstant>? constants, Action<string>? beforeOperation)
    {
        ArgumentException.ThrowIfNullOrEmpty(folder);
        ArgumentNullException.ThrowIfNull(manifest);
        manifest = manifest with { Complete = false, Rows = 0, Constants = null, Shards = [] };
        StoreManifestCheck.Check(manifest, folder);
        StoreFolder.Create(folder);
        StoreLock storeLock = new(folder);
        try
        {
            ActivationStoreManifest stored = StoreFolder.HasManifest(folder)
                ? StoreFolder.Resume(folder, manifest, constants ?? [], beforeOperation)
                : StoreFolder.Begin(folder, manifest, constants ?? [], beforeOperation);
            return new ActivationStoreWriter(folder, stored, storeLock, beforeOperation);
        }
        catch
        {
            storeLock.Dispose();
            throw;
        }
    }

    /// <summary>
    /// Begins a batch of rows. Where positions are not pooled, the rows of one text come together in one batch. Leading rows of texts before
    /// <see cref="CompletedTexts"/> as it was on opening are left out, with the values given for them, so that a batch that an interruption cut in two can be given again.
    /// </summary>
    /// <param name="rows">What the rows are of, in the order of the texts.</param>
    /// <exception cref="ArgumentException">
    /// The texts do not ascend, or go back behind a batch; a text is in two rows though positions are pooled; a label is not one of the classes.
    /// </exception>
    /// <exception cref="InvalidOperationException">The store is complete, or a batch has not ended.</exception>
    public void BeginBatch(ReadOnlySpan<StoreRow> rows)
    {
        if (IsComplete || _inBatch)
        {
            throw new InvalidOperationException(IsComplete ? "The store is complete." : "The batch before has not ended.");
        }

        int skipped = 0;
        while (skipped < rows.Length && rows[skipped].Text >= 0 && rows[skipped].Text < _firstText)
        {
            skipped++;
        }

        int last = _lastText;
        for (int i = skipped; i < rows.Length; i++)
        {
            StoreRow row = rows[i];
            if (row.Text < last || (row.Text == last && (i == skipped || _manifest.Pooling != Pooling.None)))
            {
                throw new ArgumentException($"Text {row.Text} comes after text {last}.", nameof(rows));
            }

            if (_manifest.LabelClasses.Count > 0 && (row.Label < 0 || row.Label >= _manifest.LabelClasses.Count))
            {
                throw new ArgumentException($"Text {row.Text} has the label {row.Label}, which is not one of {_manifest.LabelClasses.Count} classes.", nameof(rows));
            }

            last = row.Text;
        }

        _buffer.AddRows(rows[skipped..]);
        _lastText = last;
        _batchRows = rows.Length;
        _skippedRows = skipped;
        _given.Clear();
        _inBatch = true;
    }

    /// <summary>Gives the next rows of a dense site in this batch; all at once, or in several calls.</summary>
    /// <param name="site">The site's name.</param>
    /// <param name="values">Rows x width values, row-major.</param>
    /// <exception cref="ArgumentException">There is no such dense site, the values are not whole rows, or there are more than the batch has.</exception>
    /// <exception cref="InvalidOperationException">No batch has begun.</exception>
    public void WriteDense(string site, ReadOnlySpan<float> values)
    {
        StoreSite described = Site(site, StoreSiteKind.Dense);
        if (values.Length % described.Width != 0)
        {
            throw new ArgumentException($"{values.Length} values are not whole rows of site {site}, which has a width of {described.Width}.", nameof(values));
        }

        int skipped = Take(site, values.Length / described.Width);
        _buffer.AddDense(site, values[(skipped * described.Width)..]);
    }

    /// <summary>Gives the next rows of a sparse site in this batch, as compressed sparse rows; all at once, or in several calls.</summary>
    /// <param name="site">The site's name.</param>
    /// <param name="indptr">Where each row begins among the values, and where the last ends: one more than there are rows, the first 0.</param>
    /// <param name="indices">The features of the values, ascending in a row.</param>
    /// <param name="values">The values.</param>
    /// <exception cref="ArgumentException">There is no such sparse site, the rows are not well formed, or there are more than the batch has.</exception>
    /// <exception cref="InvalidOperationException">No batch has begun.</exception>
    public void WriteSparse(string site, ReadOnlySpan<long> indptr, ReadOnlySpan<int> indices, ReadOnlySpan<float> values)
    {
        StoreSite described = Site(site, StoreSiteKind.Sparse);
        if (indices.Length != values.Length || SparseRowCheck.FirstProblem(indptr, indices, described.Width) is not null)
        {
            throw new ArgumentException($"The rows of site {site} are not well formed: {SparseRowCheck.FirstProblem(indptr, indices, described.Width)}.", nameof(indptr));
        }

        _buffer.AddSparse(site, Take(site, indptr.Length - 1), indptr, indices, values);
    }

    /// <summary>Gives the next values of a target in this batch; all at once, or in several calls.</summary>
    /// <param name="target">The target's name.</param>
    /// <param name="values">A value per row.</param>
    /// <exception cref="ArgumentException">There is no such target, or there are more values than the batch has rows.</exception>
    /// <exception cref="InvalidOperationException">No batch has begun.</exception>
    public void WriteTarget(string target, ReadOnlySpan<float> values)
    {
        if (!_manifest.Targets.Contains(target))
        {
            throw new ArgumentException($"The store has no target {target}.", nameof(target));
        }

        string tensor = StoreNames.Target(target);
        _buffer.AddDense(tensor, values[Take(tensor, values.Length)..]);
    }

    /// <summary>Ends a batch, and writes the shards that are full.</summary>
    /// <exception cref="InvalidOperationException">No batch has begun, or a site or target lacks rows.</exception>
    /// <exception cref="InputException">The disk is full or cannot be written; what is in whole shards stays, and the store can be resumed.</exception>
    public void EndBatch()
    {
        if (!_inBatch)
        {
            throw new InvalidOperationException("No batch has begun.");
        }

        if (_buffer.Lacking().FirstOrDefault() is { } lacking)
        {
            throw new InvalidOperationException($"{lacking} lacks rows of this batch.");
        }

        _inBatch = false;
        while (_buffer.Rows >= _manifest.RowsPerShard)
        {
            WriteShard();
            WriteManifest(_manifest);
        }
    }

    /// <summary>Writes the rows that are left and says that the store is complete.</summary>
    /// <exception cref="InputException">There are no rows at all, or the disk is full.</exception>
    /// <exception cref="InvalidOperationException">A batch has not ended, or the store was complete before.</exception>
    public void Complete()
    {
        if (IsComplete || _inBatch)
        {
            throw new InvalidOperationException(IsComplete ? "The store is complete." : "The batch has not ended.");
        }

        while (_buffer.Rows > 0)
        {
            WriteShard();
        }

        if (_shards.Count == 0)
        {
            throw new InputException(_folder, "not one row was collected", "give a text that has tokens");
        }

        WriteManifest(_manifest with { Complete = true });
    }

    /// <summary>Frees the memory and lets other writers in. Rows that are not in a whole shard are lost.</summary>
    public void Dispose()
    {
        _buffer.Dispose();
        if (IsComplete)
        {
            _lock.Delete();
        }

        _lock.Dispose();
    }

    private StoreSite Site(string name, StoreSiteKind kind) =>
        _manifest.FindSite(name) is { } site && site.Kind == kind
            ? site
            : throw new ArgumentException($"The store has no {(kind == StoreSiteKind.Dense ? "dense" : "sparse")} site {name}.", nameof(name));

    // Counts rows of a site or target in this batch; returns how many of them belong to rows that are left out.
    private int Take(string tensor, int rows)
    {
        if (!_inBatch)
        {
            throw new InvalidOperationException("No batch has begun.");
        }

        int before = _given.GetValueOrDefault(tensor);
        if (rows > _batchRows - before)
        {
            throw new ArgumentException($"{tensor} is given {before + rows} rows, the batch has {_batchRows}.", nameof(rows));
        }

        _given[tensor] = before + rows;
        return Math.Clamp(_skippedRows - before, 0, rows);
    }

    private void WriteShard()
    {
        int rows = _buffer.ShardRows();
        string file = StoreNames.Shard(_shards.Count);
        string path = Path.Combine(_folder, file);
        (int firstText, int lastText) = (_buffer.Text(0), _buffer.Text(rows - 1));
        _beforeOperation?.Invoke("write " + file);
        string sha256 = _buffer.Write(path, rows);
        _shards.Add(new StoreShard
        {
            File = file,
            FirstRow = _manifest.Rows,
            Rows = rows,
            FirstText = firstText,
            LastText = lastText,
            Bytes = new FileInfo(path).Length,
            Sha256 = sha256,
        });
        _manifest = _manifest with { Rows = _manifest.Rows + rows, Shards = [.. _shards] };
    }

    private void WriteManifest(ActivationStoreManifest manifest)
    {
        StoreFolder.WriteManifest(_folder, manifest, _beforeOperation);
        _manifest = manifest;
    }
}
