using CircuitLasso.Numerics;

namespace CircuitLasso;

/// <summary>One shard, checked against the manifest: every tensor is there with the type and the shape that the sites and rows ask for.</summary>
internal sealed class StoreShardReader : IDisposable
{
    private readonly ActivationStoreManifest _manifest;
    private readonly StoreShard _shard;

    public StoreShardReader(string folder, ActivationStoreManifest manifest, StoreShard shard)
    {
        _manifest = manifest;
        _shard = shard;
        StoreFolder.RequireLength(folder, shard.File, shard.Bytes);
        string path = Path.Combine(folder, shard.File);
        StoreChecksum.Require(path, shard.Sha256);
        File = new SafeTensorsFile(path);
        try
        {
            CheckTensors();
            CheckRows();
        }
        catch
        {
            File.Dispose();
            throw;
        }
    }

    public SafeTensorsFile File { get; }

    public InputException Damaged(string problem) => new(File.Path, problem, "make the store again as docs/store.md describes it");

    /// <summary>Which values of a sparse site rows have.</summary>
    public (long Start, long End) ValueRange(string site, int firstRow, int rowCount)
    {
        long start = Indptr(site, firstRow);
        long end = Indptr(site, firstRow + rowCount);
        return start >= 0 && start <= end && end <= File.Tensor(site + StoreNames.ValuesSuffix).ElementCount
            ? (start, end)
            : throw Damaged($"site {site}: indptr does not ascend");
    }

    public void ReadRowDescriptions(int firstRow, Span<StoreRow> destination)
    {
        int[] values = new int[destination.Length];
        Span<StoreRow> rows = destination;
        File.ReadInt32(StoreNames.RowText, firstRow, values.Length, values);
        for (int i = 0; i < values.Length; i++)
        {
            rows[i] = new StoreRow(values[i], 0);
        }

        File.ReadInt32(StoreNames.RowLength, firstRow, values.Length, values);
        for (int i = 0; i < values.Length; i++)
        {
            rows[i] = rows[i] with { Length = values[i] };
        }

        if (_manifest.LabelClasses.Count > 0)
        {
            File.ReadInt32(StoreNames.RowLabel, firstRow, values.Length, values);
            for (int i = 0; i < values.Length; i++)
            {
                rows[i] = rows[i] with { Label = values[i] };
            }
        }

        if (_manifest.Pooling == Pooling.None)
        {
            File.ReadInt32(StoreNames.RowPosition, firstRow, values.Length, values);
            for (int i = 0; i < values.Length; i++)
            {
                rows[i] = rows[i] with { Position = values[i] };
            }

            File.ReadInt32(StoreNames.RowToken, firstRow, values.Length, values);
            for (int i = 0; i < values.Length; i++)
            {
                rows[i] = rows[i] with { Token = values[i] };
            }
        }
    }

    public void Dispose() => File.Dispose();

    private void CheckTensors()
    {
        Require(StoreNames.RowText, SafeTensorsDataType.Int32, _shard.Rows);
        Require(StoreNames.RowLength, SafeTensorsDataType.Int32, _shard.Rows);
        if (_manifest.LabelClasses.Count > 0)
        {
            Require(StoreNames.RowLabel, SafeTensorsDataType.Int32, _shard.Rows);
        }

        if (_manifest.Pooling == Pooling.None)
        {
            Require(StoreNames.RowPosition, SafeTensorsDataType.Int32, _shard.Rows);
            Require(StoreNames.RowToken, SafeTensorsDataType.Int32, _shard.Rows);
        }

        foreach (string target in _manifest.Targets)
        {
            Require(StoreNames.Target(target), SafeTensorsDataType.Float32, _shard.Rows);
        }

        foreach (StoreSite site in _manifest.Sites)
        {
            if (site.Kind == StoreSiteKind.Dense)
            {
                Require(site.Name, SafeTensorsDataType.Float32, _shard.Rows, site.Width);
                continue;
            }

            Require(site.Name + StoreNames.IndptrSuffix, SafeTensorsDataType.Int64, _shard.Rows + 1L);
            long values = Indptr(site.Name, _shard.Rows);
            if (Indptr(site.Name, 0) != 0 || values < 0)
            {
                throw Damaged($"site {site.Name}: indptr does not lead from 0 to the number of values");
            }

            Require(site.Name + StoreNames.IndicesSuffix, SafeTensorsDataType.Int32, values);
            Require(site.Name + StoreNames.ValuesSuffix, SafeTensorsDataType.Float32, values);
        }
    }

    private void CheckRows()
    {
        int[] texts = Integers(StoreNames.RowText);
        bool isPooled = _manifest.Pooling != Pooling.None;
        for (int row = 1; row < texts.Length; row++)
        {
            if (texts[row] < texts[row - 1] || (isPooled && texts[row] == texts[row - 1]))
            {
                throw Damaged($"{StoreNames.RowText}: the texts of row {row - 1} and {row} do not ascend");
            }
        }

        if (texts[0] != _shard.FirstText || texts[^1] != _shard.LastText)
        {
            throw Damaged($"{StoreNames.RowText} leads from {texts[0]} to {texts[^1]}, the manifest says from {_shard.FirstText} to {_shard.LastText}");
        }

        if (_manifest.LabelClasses.Count > 0 && Integers(StoreNames.RowLabel).Any(label => label < 0 || label >= _manifest.LabelClasses.Count))
        {
            throw Damaged($"{StoreNames.RowLabel} holds a class that is not one of the {_manifest.LabelClasses.Count} in the manifest");
        }
    }

    private int[] Integers(string tensor)
    {
        int[] values = new int[_shard.Rows];
        File.ReadInt32(tensor, values);
        return values;
    }

    private long Indptr(string site, int row)
    {
        Span<long> value = stackalloc long[1];
        File.ReadInt64(site + StoreNames.IndptrSuffix, row, 1, value);
        return value[0];
    }

    private void Require(string tensor, SafeTensorsDataType type, params ReadOnlySpan<long> shape)
    {
        SafeTensorsEntry entry = File.Tensor(tensor);
        if (entry.DataType != type || !shape.SequenceEqual(entry.Shape.ToArray()))
        {
            throw Damaged($"tensor {tensor} is {entry.DataType} of shape [{string.Join(", ", entry.Shape)}], not {type} of shape [{string.Join(", ", shape.ToArray())}]");
        }
    }
}
