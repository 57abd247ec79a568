using System.Text.Json;
using CircuitLasso.Models;

namespace CircuitLasso.Benchmarks;

/// <summary>One model with its autoencoders, on agreement pairs that it answers rightly: circuits of features by regression and by gradients, measured on other pairs.</summary>
internal sealed class FeatureExperiment : IDisposable
{
    private readonly string _modelFolder;
    private readonly TransformerModel _model;
    private readonly Tokenizer _tokenizer;
    private readonly IReadOnlyList<SiteAutoencoder> _autoencoders;

    public FeatureExperiment(string modelFolder, IEnumerable<string> autoencoders)
    {
        (_modelFolder, _model, _tokenizer) = (modelFolder, ModelCheckpoint.Load(modelFolder), Tokenizer.Load(modelFolder));
        _autoencoders = SiteAutoencoder.Load([.. autoencoders]);
        Sites = new AutoencoderSites(_model, _autoencoders);
    }

    /// <summary>The sites.</summary>
    public AutoencoderSites Sites { get; }

    public void Dispose()
    {
        foreach (SiteAutoencoder entry in _autoencoders)
        {
            entry.Autoencoder.Dispose();
        }

        _model.Dispose();
    }

    /// <summary>The first pairs that the model answers rightly both ways: the beginning and its twin. A model that likes one verb better whatever the noun answers half of all pairs rightly too.</summary>
    public AgreementPair[] Right(IEnumerable<AgreementPair> pairs, int count)
    {
        AgreementPair[] even = [.. pairs.Where(pair => pair.IsEven(_tokenizer))];
        double[] scores = Task(even, out _).Scores(_model);
        AgreementPair[] right = [.. even.Where((_, i) => scores[2 * i] > 0 && scores[(2 * i) + 1] < 0)];
        Console.WriteLine($"    {right.Length} of {even.Length} pairs answered rightly");
        return right.Length >= count ? right[..count] : throw new InvalidOperationException($"{count} are needed.");
    }

    /// <summary>The behaviour on pairs.</summary>
    public BehaviourTask Behaviour(AgreementPair[] pairs)
    {
        _ = Task(pairs, out BehaviourTask clean);
        return clean;
    }

    /// <summary>Learns from the beginnings and their twins: y is the log-probability of the plural verb less that of the singular.</summary>
    /// <param name="pairs">The pairs.</param>
    /// <param name="positions">Whether positions are kept apart; otherwise they are summed.</param>
    /// <param name="options">How; the defaults if null.</param>
    public (FeatureCircuitResult Found, Cost Collecting, Cost Learning) Lasso(AgreementPair[] pairs, bool positions, FeatureCircuitOptions? options = null)
    {
        string work = Directory.CreateTempSubdirectory("circuitlasso-bench-").FullName;
        try
        {
            BehaviourTask both = Task(pairs, out _);
            string texts = Path.Combine(work, "texts.jsonl"), store = Path.Combine(work, "store");
            File.WriteAllLines(texts, pairs.SelectMany(pair => new[] { pair.Clean, pair.Corrupt }).Select(text => JsonSerializer.Serialize(new { text })));
            double[] numbers = [];
            FeatureCircuitResult found = null!;
            Cost collecting = Cost.Of(() =>
            {
                CollectionOptions collection = new() { Sites = [], Autoencoders = _autoencoders, Pooling = positions ? Pooling.None : Pooling.Sum };
                new ActivationCollector(_model, _modelFolder, _tokenizer, TextSource.Open(texts, new TextOptions { TextColumn = "text" }), collection).Run(store);
                numbers = [.. both.Scores(_model).Select((score, row) => pairs[row / 2].IsPlural ? score : -score)];
            });
            Cost learning = Cost.Of(() =>
            {
                using ActivationStoreReader reader = ActivationStoreReader.Open(store);
                found = FeatureCircuitLearner.Learn(reader, LearningTarget.Behaviour("plural less singular", numbers, isAtEnd: true), (options ?? new()) with { KeepPositions = positions });
            });
            return (found, collecting, learning);
        }
        finally
        {
            Directory.Delete(work, recursive: true);
        }
    }

    /// <summary>Finds a circuit by gradients.</summary>
    /// <param name="pairs">The pairs.</param>
    /// <param name="positions">Whether positions are kept apart; otherwise effects are summed over them.</param>
    public (SparseFeatureCircuit Found, Cost Nodes, Cost All) Gradients(AgreementPair[] pairs, bool positions)
    {
        BehaviourTask task = Behaviour(pairs);
        SparseFeatureCircuit found = null!;
        Cost nodes = Cost.Of(() => new FeaturePatcher(Sites, task).IntegratedGradients(keepPositions: positions));
        Cost all = Cost.Of(() => found = SparseFeatureCircuits.Discover(new FeaturePatcher(Sites, task), new SparseFeatureCircuitOptions { KeepPositions = positions }));
        return (found, nodes, all);
    }

    private BehaviourTask Task(AgreementPair[] pairs, out BehaviourTask clean)
    {
        string file = Path.GetTempFileName();
        try
        {
            AgreementPair.Write(file, pairs);
            BehaviourTaskFile read = BehaviourTaskFile.Read(file, _tokenizer, _model);
            if (read.Message is { } message)
            {
                throw new InvalidOperationException(message);
            }

            clean = read.Task.Select(pair => pair % 2 == 0);
            return read.Task;
        }
        finally
        {
            File.Delete(file);
        }
    }
}
