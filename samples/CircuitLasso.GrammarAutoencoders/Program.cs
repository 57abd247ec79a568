using System.Globalization;
using CircuitLasso;
using CircuitLasso.GrammarAutoencoders;
using CircuitLasso.Models;
using CircuitLasso.Numerics;

// Trains the embedded autoencoders of assets/grammar/saes, one for the residual stream after each layer of the embedded model: the same settings give the same
// bytes, whatever the number of threads, and an interrupted run goes on with the same command.
AutoencoderSettings settings = AutoencoderSettings.Parse(args);
CultureInfo.CurrentCulture = CultureInfo.InvariantCulture;
string work = Path.Combine(settings.Output, "work");
string modelFolder = Path.Combine(work, "grammar");
Directory.CreateDirectory(work);
EmbeddedModel.Extract(modelFolder);
string textFile = Path.Combine(work, "sentences.txt");
AtomicFile.WriteAllText(textFile, string.Join('\n', EmbeddedGrammar.Load().GenerateTrainingText(settings.Seed + 2).Take(settings.Sentences)) + "\n");
using TransformerModel model = ModelCheckpoint.Load(modelFolder);
IReadOnlyList<Site> sites = CollectionOptions.ParseSites("resid_post.*", model.Description);
string storeFolder = Path.Combine(work, "store");
new ActivationCollector(model, modelFolder, Tokenizer.Load(modelFolder), TextSource.Open(textFile, new TextOptions()), new CollectionOptions { Sites = sites, Pooling = Pooling.None }).Run(storeFolder);
using (ActivationStoreReader store = ActivationStoreReader.Open(storeFolder))
{
    Console.WriteLine($"{store.RowCount:N0} tokens of {settings.Sentences:N0} sentences");
    foreach (Site site in sites)
    {
        AutoencoderTrainingOptions options = new() { Features = settings.Features, K = settings.K, Steps = settings.Steps, LearningRate = settings.LearningRate, Seed = settings.Seed };
        string folder = Path.Combine(settings.Output, site.ToString());
        AutoencoderTrainingPoint last = AutoencoderTraining.Run(store, site.ToString(), options, folder)[^1];
        Console.WriteLine($"{site}: {100 * last.ExplainedVariance:F2} % explained, {last.ActiveFeatures:F2} features active, {last.DeadFeatures} dead");
    }
}

Directory.Delete(work, recursive: true);
