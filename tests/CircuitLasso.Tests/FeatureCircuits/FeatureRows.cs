using System.Globalization;

namespace CircuitLasso.Tests;

/// <summary>
/// Rows of three sites with features and errors, made so that a known path leads to y: features 3 and 8 of <c>resid_post.0</c> make feature 11 of <c>resid_post.1</c>,
/// which makes feature 20 of <c>resid_post.2</c>, which decides y. All other features come of their own; a few go with each other by topic.
/// </summary>
internal sealed class FeatureRows
{
    public const int Sites = 3;
    private readonly Dictionary<string, float[,]> _values = [];

    public FeatureRows(int seed = 5, int texts = 1500, int features = 120, int error = 5, Pooling pooling = Pooling.Mean, int classes = 2, bool planted = true, int? tokens = null)
    {
        Pooling = pooling;
        Features = features;
        Gaussian normal = new(seed);
        Random random = new(seed + 1);
        StoreRow[] rows = [.. Enumerable.Range(0, texts).SelectMany(text => Enumerable.Range(0, pooling == Pooling.None ? tokens ?? 1 + (text % 3) : 1).Select(position => new StoreRow(text, 5, 0, position, 9)))];
        for (int site = 0; site < Sites; site++)
        {
            float[,] values = new float[rows.Length, features], rest = new float[rows.Length, error];
            for (int row = 0; row < rows.Length; row++)
            {
                int topic = (rows[row].Text + site) % 7;
                for (int j = 0; j < features; j++)
                {
                    double often = j % 7 == topic ? 0.25 : 0.06;
                    values[row, j] = random.NextDouble() < often ? (float)(0.3 + random.NextDouble()) : 0;
                }

                for (int k = 0; k < error; k++)
                {
                    rest[row, k] = (float)(0.3 * normal.Next());
                }
            }

            _values[Name(site)] = values;
            _values[Name(site) + ".error"] = rest;
        }

        Score = new float[rows.Length];
        for (int row = 0; row < rows.Length; row++)
        {
            if (planted)
            {
                _values[Name(1)][row, 11] = Kept((0.9 * _values[Name(0)][row, 3]) + (0.7 * _values[Name(0)][row, 8]) + (0.1 * normal.Next()));
                _values[Name(2)][row, Last] = Kept((1.2 * _values[Name(1)][row, 11]) + (0.1 * normal.Next()));
            }

            Score[row] = (float)(planted ? (2 * _values[Name(2)][row, Last]) + (0.3 * normal.Next()) : normal.Next());
        }

        Rows = [.. rows.Select((row, i) => row with { Label = Math.Clamp((int)Math.Floor((Score[i] + 0.6) / 1.2), 0, classes - 1) })];
        Classes = classes;
    }

    public Pooling Pooling { get; }

    public int Features { get; }

    /// <summary>The feature of the last site that decides y: 20, or the last where there are fewer.</summary>
    public int Last => Math.Min(20, Features - 1);

    public int Classes { get; }

    /// <summary>Layers of the model that the rows are said to come from: with three the last site is its last residual stream. The store says nothing if null.</summary>
    public int? Layers { get; init; }

    public StoreRow[] Rows { get; }

    /// <summary>The number behind the label.</summary>
    public float[] Score { get; }

    public static string Name(int site) => $"resid_post.{site}";

    /// <summary>The numbers of a site or of its error, rows x width.</summary>
    public float[,] Values(string site) => _values[site];

    public ActivationStoreReader Write(string folder, params string[] without)
    {
        ActivationStoreManifest manifest = new()
        {
            Pooling = Pooling,
            RowsPerShard = 512,
            Sites = [.. _values.Where(site => !without.Contains(site.Key)).Select(site => new StoreSite { Name = site.Key, Kind = IsSparse(site.Key) ? StoreSiteKind.Sparse : StoreSiteKind.Dense, Width = site.Value.GetLength(1) })],
            Targets = ["score"],
            LabelClasses = [.. Enumerable.Range(0, Classes).Select(c => $"class {c}")],
            Provenance = new StoreProvenance { Settings = Layers is { } layers ? new Dictionary<string, string> { ["layers"] = layers.ToString(CultureInfo.InvariantCulture) } : [] },
        };
        using (ActivationStoreWriter writer = ActivationStoreWriter.Open(folder, manifest, []))
        {
            int first = 0;
            foreach (StoreRow[] batch in Rows.GroupBy(row => row.Text / 50).Select(rows => rows.ToArray()))
            {
                writer.BeginBatch(batch);
                writer.WriteTarget("score", Score.AsSpan(first, batch.Length));
                foreach (StoreSite site in manifest.Sites)
                {
                    WriteSite(writer, site, first, batch.Length);
                }

                writer.EndBatch();
                first += batch.Length;
            }

            writer.Complete();
        }

        return ActivationStoreReader.Open(folder);
    }

    private static float Kept(double value) => value > 0.25 ? (float)value : 0;

    private static bool IsSparse(string site) => !site.EndsWith(".error", StringComparison.Ordinal);

    private void WriteSite(ActivationStoreWriter writer, StoreSite site, int first, int count)
    {
        float[,] values = _values[site.Name];
        List<float> kept = [];
        List<int> indices = [];
        List<long> indptr = [0];
        for (int row = first; row < first + count; row++)
        {
            for (int j = 0; j < site.Width; j++)
            {
                if (site.Kind == StoreSiteKind.Dense || values[row, j] != 0)
                {
                    kept.Add(values[row, j]);
                    indices.Add(j);
                }
            }

            indptr.Add(kept.Count);
        }

        if (site.Kind == StoreSiteKind.Sparse)
        {
            writer.WriteSparse(site.Name, indptr.ToArray(), indices.ToArray(), kept.ToArray());
        }
        else
        {
            writer.WriteDense(site.Name, kept.ToArray());
        }
    }
}
