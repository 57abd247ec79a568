using System.Text.Json;
using CircuitLasso.Models;
using CircuitLasso.Testing;

namespace CircuitLasso.Tests;

public sealed class EmbeddedAutoencodersTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void They_explain_sentences_that_they_were_not_trained_on_as_their_logs_say()
    {
        string modelFolder = _folder.PathOf("model"), saes = _folder.PathOf("saes"), text = _folder.PathOf("text.txt");
        EmbeddedModel.Extract(modelFolder);
        EmbeddedAutoencoders.Extract(saes);
        File.WriteAllLines(text, EmbeddedGrammar.Load().GenerateTrainingText(99).Take(400));
        using TransformerModel model = ModelCheckpoint.Load(modelFolder);
        new ActivationCollector(model, modelFolder, Tokenizer.Load(modelFolder), TextSource.Open(text, new TextOptions()), new CollectionOptions
        {
            Sites = CollectionOptions.ParseSites("resid_post.*", model.Description),
            Pooling = Pooling.None,
        }).Run(_folder.PathOf("store"), cancellation: TestContext.Current.CancellationToken);
        using ActivationStoreReader store = ActivationStoreReader.Open(_folder.PathOf("store"));
        foreach (string site in EmbeddedAutoencoders.Sites)
        {
            using SparseAutoencoder autoencoder = SparseAutoencoderFile.Load(Path.Combine(saes, site));
            Assert.Equal((site, 64, 512, 8), (autoencoder.Provenance.InputSite.ToString(), autoencoder.InputWidth, autoencoder.FeatureCount, autoencoder.Architecture.K));
            float[] rows = new float[store.RowCount * 64], outputs = new float[rows.Length];
            store.ReadRows(site, 0, (int)store.RowCount, rows);
            autoencoder.Reconstruct(rows, outputs);
            double[] means = [.. Enumerable.Range(0, 64).Select(j => Enumerable.Range(0, (int)store.RowCount).Average(row => (double)rows[(row * 64) + j]))];
            double left = rows.Zip(outputs, (x, y) => ((double)x - y) * ((double)x - y)).Sum(), variation = rows.Select((x, i) => (x - means[i % 64]) * (x - means[i % 64])).Sum();
            using JsonDocument log = JsonDocument.Parse(File.ReadAllText(Path.Combine(saes, site, AutoencoderTraining.LogFile)));
            Assert.Equal(log.RootElement.GetProperty("explained_variance").GetDouble(), 1 - (left / variation), 0.005);
            Assert.InRange(1 - (left / variation), 0.98, 1);
        }
    }
}
