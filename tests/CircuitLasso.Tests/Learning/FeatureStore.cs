namespace CircuitLasso.Tests;

/// <summary>
/// A store of two sparse sites and two dense ones, whose rows are known: features of <c>resid_post.1</c> copy those of <c>mlp_out.0</c> at half their
/// value, and some come of their own.
/// </summary>
internal sealed class FeatureStore
{
    private const int Early = 40;
    private const int Late = 50;

    private readonly Dictionary<string, float[,]> _values;

    public FeatureStore(Pooling pooling, int texts = 150)
    {
        Pooling = pooling;
        Rows = [.. Enumerable.Range(0, texts).SelectMany(text => Enumerable.Range(0, pooling == Pooling.None ? 1 + (text % 4) : 1).Select(position => new StoreRow(2 * text, 4, 0, position, 7)))];
        Random random = new(3);
        float[,] early = new float[Rows.Length, Early], late = new float[Rows.Length, Late], embedding = new float[Rows.Length, 3], after = new float[Rows.Length, 2];
        for (int row = 0; row < Rows.Length; row++)
        {
            for (int j = 0; j < Early; j++)
            {
                early[row, j] = random.NextDouble() < 0.06 ? (float)random.NextDouble() + 0.5f : 0;
                late[row, j] = early[row, j] / 2;
            }

            for (int j = Early; j < Late; j++)
            {
                late[row, j] = random.NextDouble() < 0.04 ? 1 : 0;
            }

            for (int j = 0; j < 3; j++)
            {
                embedding[row, j] = (float)random.NextDouble() - 0.5f;
            }

            after[row, 0] = embedding[row, 0] + early[row, 0];
            after[row, 1] = (float)random.NextDouble();
        }

        _values = new() { ["resid_post.1"] = late, ["mlp_out.0"] = early, ["embed"] = embedding, ["resid_post.0"] = after };
    }

    public Pooling Pooling { get; }

    public StoreRow[] Rows { get; }

    /// <summary>The numbers of a site, rows x width.</summary>
    public float[,] Values(string site) => _values[site];

    public ActivationStoreReader Write(string folder, int rowsPerShard = 16)
    {
        ActivationStoreManifest manifest = new()
        {
            Pooling = Pooling,
            RowsPerShard = rowsPerShard,
            Sites = [.. _values.Select(site => new StoreSite { Name = site.Key, Kind = IsSparse(site.Key) ? StoreSiteKind.Sparse : StoreSiteKind.Dense, Width = site.Value.GetLength(1) })],
        };
        using (ActivationStoreWriter writer = ActivationStoreWriter.Open(folder, manifest, []))
        {
            foreach (StoreRow[] batch in Rows.GroupBy(row => row.Text / 10).Select(rows => rows.ToArray()))
            {
                WriteBatch(writer, batch, Array.IndexOf(Rows, batch[0]));
            }

            writer.Complete();
        }

        return ActivationStoreReader.Open(folder);
    }

    private static bool IsSparse(string site) => site is "resid_post.1" or "mlp_out.0";

    private void WriteBatch(ActivationStoreWriter writer, StoreRow[] batch, int first)
    {
        writer.BeginBatch(batch);
        foreach ((string site, float[,] values) in _values)
        {
            int width = values.GetLength(1);
            List<float> kept = [];
            List<int> indices = [];
            List<long> indptr = [0];
            for (int row = first; row < first + batch.Length; row++)
            {
                for (int j = 0; j < width; j++)
                {
                    if (!IsSparse(site) || values[row, j] != 0)
                    {
                        kept.Add(values[row, j]);
                        indices.Add(j);
                    }
                }

                indptr.Add(kept.Count);
            }

            if (IsSparse(site))
            {
                writer.WriteSparse(site, indptr.ToArray(), indices.ToArray(), kept.ToArray());
            }
            else
            {
                writer.WriteDense(site, kept.ToArray());
            }
        }

        writer.EndBatch();
    }
}
