namespace CircuitLasso.Tests;

/// <summary>A store of features whose rows are at hand for a slow look at them.</summary>
/// <param name="Site">The site.</param>
/// <param name="Rows">Each row with the features on it.</param>
internal sealed record RowFeatures(string Site, Pooling Pooling, IReadOnlyList<(StoreRow Row, (int Feature, float Value)[] Features)> Rows)
{
    internal const int Width = 50;

    /// <summary>Random texts of 1 to 30 tokens with features of every frequency; some texts come twice.</summary>
    internal static RowFeatures Random(Pooling pooling, int texts = 500, int seed = 1, string site = "resid_post.1")
    {
        Random random = new(seed);
        List<(StoreRow, (int, float)[])> rows = [];
        List<(int Token, (int, float)[] Features)[]> all = [];
        for (int text = 0; text < texts; text++)
        {
            int length = pooling == Pooling.None ? random.Next(1, 60) : 1;
            all.Add(text > 10 && random.Next(10) == 0
                ? all[random.Next(all.Count)]
                : [.. Enumerable.Range(0, length).Select(_ => (random.Next(1000), Features(random)))]);
            rows.AddRange(all[^1].Select((token, position) => (new StoreRow(text, all[^1].Length, 0, pooling == Pooling.None ? position : 0, pooling == Pooling.None ? token.Token : 0), token.Features)));
        }

        return new RowFeatures(site, pooling, rows);
    }

    internal void Write(string folder, StoreProvenance? provenance = null)
    {
        ActivationStoreManifest manifest = new()
        {
            Pooling = Pooling,
            Sites = [new StoreSite { Name = Site, Kind = StoreSiteKind.Sparse, Width = Width }, new StoreSite { Name = "embed", Kind = StoreSiteKind.Dense, Width = 1 }],
            RowsPerShard = 1024,
            Provenance = provenance ?? new StoreProvenance(),
        };
        using ActivationStoreWriter writer = ActivationStoreWriter.Open(folder, manifest);
        foreach (IGrouping<int, (StoreRow Row, (int Feature, float Value)[] Features)> text in Rows.GroupBy(row => row.Row.Text))
        {
            writer.BeginBatch([.. text.Select(row => row.Row)]);
            long end = 0;
            writer.WriteSparse(
                Site, [0, .. text.Select(row => end += row.Features.Length)], [.. text.SelectMany(row => row.Features).Select(pair => pair.Feature)], [.. text.SelectMany(row => row.Features).Select(pair => pair.Value)]);
            writer.WriteDense("embed", new float[text.Count()]);
            writer.EndBatch();
        }

        writer.Complete();
    }

    /// <summary>A circuit of some features of the store, each read by y.</summary>
    internal Circuit Circuit(params int[] features) => new(
        [.. features.Select(feature => new CircuitNode($"{Site}/{feature}", CircuitNodeKind.Feature, 1) { Layer = 1 }), new CircuitNode("y", CircuitNodeKind.Target, 9)],
        [.. features.Select(feature => new CircuitEdge($"{Site}/{feature}", "y", 1 + feature))]);

    // Feature 0 is never active, 1 always, others ever more rarely; values over many powers of two, a few of them equal, a few negative.
    private static (int, float)[] Features(Random random) =>
    [
        .. Enumerable.Range(1, Width - 1).Where(feature => feature == 1 || random.Next(feature) == 0).Select(feature => (feature, random.Next(20) switch
        {
            0 => -1f,
            1 => 2.5f,
            _ => (float)Math.Exp((random.NextDouble() * 12) - 6),
        })),
    ];
}
