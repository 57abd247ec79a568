using CircuitLasso.Numerics;

namespace CircuitLasso;

/// <summary>The rows of a store that are not yet in a shard, in memory outside the managed heap.</summary>
internal sealed class ShardBuffer : IDisposable
{
    private readonly ActivationStoreManifest _manifest;
    private readonly NativeList<int> _text = new(0);
    private readonly List<(string Tensor, NativeList<int> Values)> _rowArrays = [];
    private readonly List<(string Tensor, int Width, NativeList<float> Values)> _dense = [];
    private readonly List<(string Site, NativeList<long> Ends, NativeList<int> Indices, NativeList<float> Values)> _sparse = [];

    public ShardBuffer(ActivationStoreManifest manifest)
    {
        _manifest = manifest;
        _rowArrays.Add((StoreNames.RowText, _text));
        _rowArrays.Add((StoreNames.RowLength, new(0)));
        if (manifest.LabelClasses.Count > 0)
        {
            _rowArrays.Add((StoreNames.RowLabel, new(0)));
        }

        if (manifest.Pooling == Pooling.None)
        {
            _rowArrays.Add((StoreNames.RowPosition, new(0)));
            _rowArrays.Add((StoreNames.RowToken, new(0)));
        }

        foreach (string target in manifest.Targets)
        {
            _dense.Add((StoreNames.Target(target), 1, new(0)));
        }

        foreach (StoreSite site in manifest.Sites)
        {
            if (site.Kind == StoreSiteKind.Dense)
            {
                _dense.Add((site.Name, site.Width, new(0)));
            }
            else
            {
                _sparse.Add((site.Name, new(0), new(0), new(0)));
            }
        }
    }

    /// <summary>Number of whole rows.</summary>
    public int Rows { get; private set; }

    public int Text(int row) => _text[row];

    /// <summary>Adds rows whose values are still to come.</summary>
    public void AddRows(ReadOnlySpan<StoreRow> rows)
    {
        foreach (ref readonly StoreRow row in rows)
        {
            foreach ((string tensor, NativeList<int> values) in _rowArrays)
            {
                int value = tensor switch
                {
                    StoreNames.RowText => row.Text,
                    StoreNames.RowLength => row.Length,
                    StoreNames.RowLabel => row.Label,
                    StoreNames.RowPosition => row.Position,
                    _ => row.Token,
                };
                values.Add([value]);
            }
        }

        Rows += rows.Length;
    }

    /// <summary>Adds rows of a dense site or a target.</summary>
    public void AddDense(string tensor, ReadOnlySpan<float> values) => _dense.First(dense => dense.Tensor == tensor).Values.Add(values);

    /// <summary>Adds the rows of a sparse site from <paramref name="firstRow"/> on.</summary>
    public void AddSparse(string site, int firstRow, ReadOnlySpan<long> indptr, ReadOnlySpan<int> indices, ReadOnlySpan<float> values)
    {
        (_, NativeList<long> ends, NativeList<int> allIndices, NativeList<float> allValues) = _sparse.First(sparse => sparse.Site == site);
        long shift = allIndices.Count - indptr[firstRow];
        for (int row = firstRow; row < indptr.Length - 1; row++)
        {
            ends.Add([indptr[row + 1] + shift]);
        }

        allIndices.Add(indices[(int)indptr[firstRow]..]);
        allValues.Add(values[(int)indptr[firstRow]..]);
    }

    /// <summary>Tensors of sites and targets that do not have a value for every row.</summary>
    public IEnumerable<string> Lacking() =>
    [
        .. _sparse.Where(sparse => sparse.Ends.Count != Rows).Select(sparse => sparse.Site),
        .. _dense.Where(dense => dense.Values.Count != (nint)Rows * dense.Width).Select(dense => dense.Tensor),
    ];

    /// <summary>How many of the first rows make the next shard: whole texts, as many as fit, or one that does not.</summary>
    public int ShardRows()
    {
        int limit = Math.Min(Rows, _manifest.RowsPerShard);
        int rows = limit;
        while (rows > 0 && rows < Rows && _text[rows - 1] == _text[rows])
        {
            rows--;
        }

        if (rows == 0)
        {
            rows = limit;
            while (rows < Rows && _text[rows - 1] == _text[rows])
            {
                rows++;
            }
        }

        return rows;
    }

    /// <summary>Writes the first rows as a file and drops them.</summary>
    /// <returns>The file's SHA-256.</returns>
    public string Write(string path, int rows)
    {
        using SafeTensorsWriter writer = new(path, Declarations(rows), computeHash: true);
        foreach ((string site, NativeList<long> ends, _, _) in _sparse)
        {
            writer.Write(site + StoreNames.IndptrSuffix, [0L]);
            WriteAll<long>(ends, rows, part => writer.Write(site + StoreNames.IndptrSuffix, part));
        }

        foreach ((string tensor, NativeList<int> values) in _rowArrays)
        {
            WriteAll<int>(values, rows, part => writer.Write(tensor, part));
        }

        foreach ((string tensor, int width, NativeList<float> values) in _dense)
        {
            WriteAll<float>(values, (nint)rows * width, part => writer.Write(tensor, part));
        }

        foreach ((string site, NativeList<long> ends, NativeList<int> indices, NativeList<float> values) in _sparse)
        {
            WriteAll<int>(indices, (nint)ends[rows - 1], part => writer.Write(site + StoreNames.IndicesSuffix, part));
            WriteAll<float>(values, (nint)ends[rows - 1], part => writer.Write(site + StoreNames.ValuesSuffix, part));
        }

        string hash = writer.Complete()!;
        Drop(rows);
        return hash;
    }

    public void Dispose()
    {
        foreach ((_, NativeList<int> values) in _rowArrays)
        {
            values.Dispose();
        }

        foreach ((_, _, NativeList<float> values) in _dense)
        {
            values.Dispose();
        }

        foreach ((_, NativeList<long> ends, NativeList<int> indices, NativeList<float> values) in _sparse)
        {
            ends.Dispose();
            indices.Dispose();
            values.Dispose();
        }
    }

    // The eight-byte tensors first, so that every tensor is aligned.
    private IEnumerable<SafeTensorsDeclaration> Declarations(int rows) =>
    [
        .. _sparse.Select(sparse => new SafeTensorsDeclaration(sparse.Site + StoreNames.IndptrSuffix, SafeTensorsDataType.Int64, rows + 1)),
        .. _rowArrays.Select(array => new SafeTensorsDeclaration(array.Tensor, SafeTensorsDataType.Int32, rows)),
        .. _manifest.Targets.Select(target => new SafeTensorsDeclaration(StoreNames.Target(target), SafeTensorsDataType.Float32, rows)),
        .. _dense.Skip(_manifest.Targets.Count).Select(dense => new SafeTensorsDeclaration(dense.Tensor, SafeTensorsDataType.Float32, rows, dense.Width)),
        .. _sparse.SelectMany(sparse => new SafeTensorsDeclaration[]
        {
            new(sparse.Site + StoreNames.IndicesSuffix, SafeTensorsDataType.Int32, sparse.Ends[rows - 1]),
            new(sparse.Site + StoreNames.ValuesSuffix, SafeTensorsDataType.Float32, sparse.Ends[rows - 1]),
        }),
    ];

    private void Drop(int rows)
    {
        foreach ((_, NativeList<int> values) in _rowArrays)
        {
            values.RemoveFirst(rows);
        }

        foreach ((_, int width, NativeList<float> values) in _dense)
        {
            values.RemoveFirst((nint)rows * width);
        }

        foreach ((_, NativeList<long> ends, NativeList<int> indices, NativeList<float> values) in _sparse)
        {
            long dropped = ends[rows - 1];
            indices.RemoveFirst((nint)dropped);
            values.RemoveFirst((nint)dropped);
            ends.RemoveFirst(rows);
            for (nint row = 0; row < ends.Count; row++)
            {
                ends[row] -= dropped;
            }
        }

        Rows -= rows;
    }

    private static void WriteAll<T>(NativeList<T> list, nint count, Action<ReadOnlySpan<T>> write)
        where T : unmanaged
    {
        for (nint done = 0; done < count;)
        {
            Span<T> part = list.Window(done, count - done);
            write(part);
            done += part.Length;
        }
    }
}
