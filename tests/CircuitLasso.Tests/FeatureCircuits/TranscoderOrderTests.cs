using CircuitLasso.Testing;

namespace CircuitLasso.Tests;

/// <summary>Features of a transcoder depend on what is computed up to where it reads, not on what comes between there and where it writes.</summary>
public sealed class TranscoderOrderTests : IDisposable
{
    private const int Features = 20;
    private const int Rows = 600;
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData(FeatureSources.Adjacent, "mlp_normalized.0", "resid_mid.0/3")]
    [InlineData(FeatureSources.All, "mlp_normalized.0", "resid_mid.0/3")]
    [InlineData(FeatureSources.Adjacent, "resid_mid.0", "resid_mid.0/3")]
    [InlineData(FeatureSources.Adjacent, "mlp_post.0", "mlp_post.0/7")]
    [InlineData(FeatureSources.Adjacent, null, "mlp_post.0/7")]
    public void A_copy_between_where_a_transcoder_reads_and_where_it_writes_explains_nothing_of_it(FeatureSources sources, string? reads, string parent)
    {
        using ActivationStoreReader store = Write(reads);
        FeatureCircuitResult result = FeatureCircuitLearner.Learn(store, FeatureNodeName.Parse("mlp_out.0/5"), new() { Sources = sources }, cancellation: TestContext.Current.CancellationToken);
        Assert.Contains(result.Circuit.Edges, edge => edge is { InCircuit: true, Target: "mlp_out.0/5" } && edge.Source == parent);
        bool readsAfter = parent.StartsWith("mlp_post", StringComparison.Ordinal);
        Assert.Equal(readsAfter, result.Circuit.Edges.Any(edge => edge.Source.StartsWith("mlp_post", StringComparison.Ordinal) && edge.Target.StartsWith("mlp_out", StringComparison.Ordinal)));
        Assert.Equal(reads, result.Circuit.Provenance.GetValueOrDefault("transcoder_reads.mlp_out.0"));
    }

    [Theory]
    [InlineData("{\"name\": \"resid_mid.0\", \"kind\": \"dense\", \"width\": 3, \"reads\": \"mlp_in.0\"}")]
    [InlineData("{\"name\": \"mlp_out.0\", \"kind\": \"sparse\", \"width\": 3, \"reads\": \"mlp_out.0\"}")]
    [InlineData("{\"name\": \"mlp_out.0\", \"kind\": \"sparse\", \"width\": 3, \"reads\": \"../x\"}")]
    public void A_manifest_whose_site_cannot_read_another_is_refused(string site)
    {
        Write("mlp_in.0").Dispose();
        string path = Path.Combine(_folder.PathOf("store"), "manifest.json");
        string text = File.ReadAllText(path);
        int start = text.IndexOf("\"sites\": [", StringComparison.Ordinal), end = text.IndexOf(']', start);
        File.WriteAllText(path, text[..start] + "\"sites\": [" + site + text[end..]);
        Assert.Contains("reads", Assert.Throws<Numerics.InputException>(() => ActivationStoreReader.Open(_folder.PathOf("store"))).Message, StringComparison.Ordinal);
    }

    private ActivationStoreReader Write(string? reads)
    {
        Random random = new(3);
        Dictionary<string, float[,]> values = [];
        foreach (string site in (string[])["resid_mid.0", "mlp_post.0", "mlp_out.0"])
        {
            float[,] numbers = values[site] = new float[Rows, Features];
            for (int row = 0; row < Rows; row++)
            {
                for (int feature = 0; feature < Features; feature++)
                {
                    numbers[row, feature] = random.NextDouble() < 0.15 ? (float)(0.3 + random.NextDouble()) : 0;
                }
            }
        }

        float[] score = new float[Rows];
        for (int row = 0; row < Rows; row++)
        {
            float kept = values["mlp_out.0"][row, 5] = values["resid_mid.0"][row, 3] > 0 ? (1.2f * values["resid_mid.0"][row, 3]) + (0.05f * (float)random.NextDouble()) : 0;
            values["mlp_post.0"][row, 7] = kept;
            score[row] = (2 * kept) + (0.1f * (float)random.NextDouble());
        }

        ActivationStoreManifest manifest = new()
        {
            Pooling = Pooling.Mean,
            RowsPerShard = 512,
            Sites = [.. values.Keys.Select(site => new StoreSite { Name = site, Kind = StoreSiteKind.Sparse, Width = Features, Reads = site == "mlp_out.0" ? reads : null })],
            Targets = ["score"],
        };
        using (ActivationStoreWriter writer = ActivationStoreWriter.Open(_folder.PathOf("store"), manifest, []))
        {
            StoreRow[] rows = [.. Enumerable.Range(0, Rows).Select(row => new StoreRow(row, 5, 0))];
            writer.BeginBatch(rows);
            writer.WriteTarget("score", score);
            foreach ((string site, float[,] numbers) in values)
            {
                List<long> starts = [0];
                List<int> indices = [];
                List<float> kept = [];
                for (int row = 0; row < Rows; row++)
                {
                    for (int feature = 0; feature < Features; feature++)
                    {
                        if (numbers[row, feature] != 0)
                        {
                            indices.Add(feature);
                            kept.Add(numbers[row, feature]);
                        }
                    }

                    starts.Add(indices.Count);
                }

                writer.WriteSparse(site, [.. starts], [.. indices], [.. kept]);
            }

            writer.EndBatch();
            writer.Complete();
        }

        return ActivationStoreReader.Open(_folder.PathOf("store"));
    }
}
