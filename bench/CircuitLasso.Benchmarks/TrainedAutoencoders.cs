using System.Text.Json;
using CircuitLasso.Models;

namespace CircuitLasso.Benchmarks;

/// <summary>Autoencoders of a model's residual stream, trained on a text and kept in the temporary folder, so that the next run finds them.</summary>
internal static class TrainedAutoencoders
{
    private const int Features = 512;
    private const int K = 8;
    private const int Steps = 2_000;
    private const float LearningRate = 2e-3f;
    private const int MostTokens = 256;

    /// <summary>Their folders, one after each layer.</summary>
    /// <param name="modelFolder">The model.</param>
    /// <param name="textFile">A JSON list of texts.</param>
    public static IReadOnlyList<string> Of(string modelFolder, string textFile)
    {
        string cache = Path.Combine(Path.GetTempPath(), $"circuitlasso-bench-saes-{ModelFingerprint.Sha256(modelFolder)[..16]}-{Features}-{K}-{Steps}");
        using TransformerModel model = ModelCheckpoint.Load(modelFolder);
        string[] sites = [.. CollectionOptions.ParseSites("resid_post.*", model.Description).Select(site => site.ToString())];
        string[] folders = [.. sites.Select(site => Path.Combine(cache, site))];
        if (Array.TrueForAll(folders, folder => File.Exists(Path.Combine(folder, AutoencoderTraining.LogFile))))
        {
            return folders;
        }

        string store = Path.Combine(cache, "store");
        new ActivationCollector(model, modelFolder, Tokenizer.Load(modelFolder), TextSource.Open(textFile, new TextOptions()), new CollectionOptions
        {
            Sites = CollectionOptions.ParseSites("resid_post.*", model.Description),
            Pooling = Pooling.None,
            MaximumTokens = MostTokens,
        }).Run(store);
        using (ActivationStoreReader reader = ActivationStoreReader.Open(store))
        {
            foreach ((string site, string folder) in sites.Zip(folders).Where(pair => !File.Exists(Path.Combine(pair.Second, AutoencoderTraining.LogFile))))
            {
                AutoencoderTrainingPoint last = AutoencoderTraining.Run(reader, site, new AutoencoderTrainingOptions { Features = Features, K = K, Steps = Steps, LearningRate = LearningRate }, folder)[^1];
                Console.WriteLine($"  {site}: {100 * last.ExplainedVariance:F1} % of {reader.RowCount} tokens' variance explained");
            }
        }

        Directory.Delete(store, recursive: true);
        return folders;
    }
}
