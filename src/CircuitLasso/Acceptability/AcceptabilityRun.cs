using System.Globalization;
using System.Security.Cryptography;
using CircuitLasso.Models;
using CircuitLasso.Numerics;

namespace CircuitLasso;

/// <summary>One run of <see cref="AcceptabilityExperiment"/>.</summary>
internal sealed class AcceptabilityRun(
    string folder, AcceptabilityInputs inputs, AcceptabilityOptions options, IProgress<WorkProgress>? progress, Action<string>? message, CancellationToken cancellation)
{
    private const int RandomSets = 3;
    private const int EffectTexts = 256;
    private static readonly string[] _targets = ["label", ActivationCollector.LogProbabilityTarget, StoreTarget.MeanLogProbability];
    private readonly StageLog _log = new(Path.Combine(folder, AcceptabilityExperiment.LogFile));

    // Learning needs the memory that models and autoencoders take: they are read for collecting, let go, and read again for names.
    public AcceptabilityResult Run()
    {
        Collect("collect and encode", inputs.Model, inputs.Autoencoders, "store");
        List<(string Name, string File, string Store, bool IsShuffled)> controls = options.ShuffleTarget ? [("target shuffled", "shuffled", "store", true)] : [];
        if (options.RandomModel)
        {
            string random = PathOf("model-random");
            RandomModel.Write(inputs.Model, options.Seed, random);
            Collect("controls: features of the random model", random, inputs.Autoencoders, "store-random");
            controls.Add(("random weights", "random", "store-random", false));
        }

        if (options.OtherAutoencoders.Count > 0)
        {
            Collect("controls: features of the other autoencoders", inputs.Model, options.OtherAutoencoders, "store-other");
            controls.Add(("other autoencoders", "other", "store-other", false));
        }

        using ActivationStoreReader store = ActivationStoreReader.Open(PathOf("store"));
        Dictionary<string, string> keys = [];
        foreach (string target in _targets)
        {
            Learn($"learn {target}", store, target, FileOf(target), null, isShuffled: false, keys);
            foreach (double ratio in options.LambdaRatios)
            {
                Learn(CurveStage(target, ratio), store, target, CurveFile(target, ratio), ratio, isShuffled: false, keys);
            }
        }

        foreach ((string name, string file, string from, bool isShuffled) in controls)
        {
            using ActivationStoreReader other = ActivationStoreReader.Open(PathOf(from));
            foreach (string target in _targets)
            {
                Learn($"controls: {name}, {target}", other, target, FileOf(target, file), null, isShuffled, keys);
            }
        }

        using ExperimentModel model = new(inputs.Model, inputs.Autoencoders);
        using ExperimentModel? others = options.OtherAutoencoders.Count > 0 ? new(inputs.Model, options.OtherAutoencoders) : null;
        foreach (string target in _targets)
        {
            Change($"name: {target}", FileOf(target), StageLog.Key(keys[FileOf(target)], "name"), circuit => model.Name(circuit, store, inputs.Text, progress, cancellation));
        }

        foreach (string target in _targets)
        {
            Change($"effects: {target}", FileOf(target), StageLog.Key(keys[FileOf(target)], "effects of candidates", EffectTexts.ToString(CultureInfo.InvariantCulture)), circuit => WithEffects(circuit, model));
        }

        Evaluate(model, keys);
        EvaluateLabel(model, keys);
        AcceptabilityCircuit[] circuits = [.. _targets.Select(target =>
        {
            Circuit circuit = CircuitFile.Read(FileOf(target));
            return new AcceptabilityCircuit(
                target,
                FileOf(target),
                circuit,
                FeaturePhenomena.Find(circuit.WithoutCandidates(), model.Direction),
                [.. options.LambdaRatios.OrderDescending().Select(ratio => new LambdaPoint(ratio, CircuitFile.Read(CurveFile(target, ratio)), _log.Seconds(CurveStage(target, ratio))))],
                [.. controls.Select(control =>
                {
                    Circuit other = CircuitFile.Read(FileOf(target, control.File));
                    return new ExperimentControl(control.Name, other, CircuitSurvival.Compare(circuit, other, control.File == "other" ? (model.Direction, others!.Direction) : null));
                })]);
        })];
        AcceptabilityResult result = new(
            store.RowCount,
            store.Manifest.Sites.Where(site => site.Kind == StoreSiteKind.Sparse).ToDictionary(site => site.Name, site => (double)store.CountValues(site.Name, 0, checked((int)store.RowCount)) / store.RowCount),
            (int)circuits.Max(circuit => circuit.Circuit.Metrics.GetValueOrDefault("task_pairs")),
            _log.Stages,
            circuits,
            PathOf("report.html"));
        foreach (AcceptabilityCircuit circuit in circuits)
        {
            FeatureReport.Create(circuit.Circuit, phenomena: circuit.Phenomena).Write(Path.ChangeExtension(circuit.File, ".html"));
        }

        AcceptabilityReport.Create(result).Write(result.Report);
        return result;
    }

    private static string CurveStage(string target, double ratio) => string.Create(CultureInfo.InvariantCulture, $"curves over lambda: {target} at {ratio:R}");

    private string PathOf(string name) => Path.Combine(folder, name);

    private string FileOf(string target, string? kind = null) => PathOf(kind is null ? $"{target}.circuit" : $"{target}.{kind}.circuit");

    private string CurveFile(string target, double ratio) => FileOf(target, string.Create(CultureInfo.InvariantCulture, $"lambda-{ratio:R}"));

    private void Collect(string stage, string modelFolder, IReadOnlyList<string> autoencoders, string name)
    {
        TextSource text = TextSource.Open(inputs.Text, new TextOptions { TextColumn = inputs.TextColumn, LabelColumn = inputs.LabelColumn });
        _log.Run(
            stage,
            string.Empty,
            () =>
            {
                using ExperimentModel model = new(modelFolder, autoencoders);
                ActivationCollector collector = new(model.Model, modelFolder, model.Tokenizer, text, new CollectionOptions { Sites = [], Autoencoders = model.Autoencoders, Pooling = Pooling.Mean });
                CollectionResult collected = collector.Run(PathOf(name), progress, cancellation);
                message?.Invoke(string.Create(CultureInfo.InvariantCulture, $"{stage}: {collected.Rows:N0} sentences, {collected.Tokens:N0} tokens run now in {collected.TotalSeconds:F1} s"));
                return collected.Tokens > 0;
            },
            isThere: false);
    }

    private void Learn(string stage, ActivationStoreReader store, string name, string file, double? ratio, bool isShuffled, Dictionary<string, string> keys)
    {
        FeatureCircuitOptions how = new() { LambdaRatio = ratio, Seed = options.Seed };
        string manifest = Convert.ToHexStringLower(SHA256.HashData(File.ReadAllBytes(Path.Combine(store.Folder, "manifest.json"))));
        string key = keys[file] = StageLog.Key(manifest, name, isShuffled ? "shuffled" : "as it is", how.ToString());
        _log.Run(
            stage,
            key,
            () =>
            {
                LearningTarget target = StoreTarget.Read(store, name);
                FeatureCircuitResult learnt = FeatureCircuitLearner.Learn(store, isShuffled ? target.Shuffled(options.Seed) : target, how, progress, cancellation);
                CircuitFile.Write(learnt.Circuit.With(provenance: With(learnt.Circuit.Provenance, ("experiment_key", key))), file);
                message?.Invoke(string.Create(CultureInfo.InvariantCulture, $"{stage}: {AcceptabilityCircuit.Features(learnt.Circuit)} features, {learnt.Circuit.Edges.Count(edge => edge.InCircuit)} edges"));
                return true;
            },
            IsOf(file, key));
    }

    // A file that was learnt anew has lost what was added to it, and its own list of what was.
    private void Change(string stage, string file, string key, Func<Circuit, Circuit> change)
    {
        string mark = "experiment_" + stage.Split(':')[0].Replace(' ', '_');
        Circuit circuit = CircuitFile.Read(file);
        _log.Run(
            stage,
            key,
            () =>
            {
                Circuit changed = change(circuit);
                CircuitFile.Write(changed.With(provenance: With(changed.Provenance, (mark, key))), file);
                return true;
            },
            circuit.Provenance.GetValueOrDefault(mark) == key);
    }

    private Circuit WithEffects(Circuit circuit, ExperimentModel model)
    {
        Circuit drawn = circuit.WithoutCandidates();
        IReadOnlyList<CircuitEdge> candidates = FeaturePhenomena.SpuriousCandidates(drawn, model.Direction);
        TextSource text = TextSource.Open(inputs.Text, new TextOptions { TextColumn = inputs.TextColumn, LabelColumn = inputs.LabelColumn });
        return candidates.Count == 0 ? circuit : circuit.WithEffects(AblationEffects.Measure(
            new AutoencoderSites(model.Model, model.Autoencoders), AblationTexts.Read(text, model.Tokenizer, model.Model.Description, EffectTexts), candidates, Pooling.Mean, progress, cancellation));
    }

    private void Evaluate(ExperimentModel model, Dictionary<string, string> keys)
    {
        if (inputs.Task is not { } path)
        {
            return;
        }

        FeatureCircuitEvaluator? evaluator = null;
        BehaviourTask? task = null;
        string decides = StageLog.Key(Convert.ToHexStringLower(SHA256.HashData(File.Exists(path) ? File.ReadAllBytes(path) : throw new InputException(path, "no such file", "name a file of pairs"))), options.Pairs.ToString(CultureInfo.InvariantCulture));
        foreach (string file in _targets.SelectMany(target => (string[])[FileOf(target), .. options.LambdaRatios.Select(ratio => CurveFile(target, ratio))]))
        {
            Change($"evaluate: {Path.GetFileNameWithoutExtension(file)}", file, StageLog.Key(keys[file], decides), circuit =>
            {
                if (evaluator is null)
                {
                    BehaviourTaskFile read = BehaviourTaskFile.Read(path, model.Tokenizer, model.Model, options.Pairs);
                    if (read.Message is { } left)
                    {
                        message?.Invoke(left);
                    }

                    double[] scores = read.Task.Scores(model.Model);
                    int right = scores.Count(score => score > 0);
                    AcceptabilityInputs.Require(right > 0, path, "the model finds the right answer more probable in no pair", "give other pairs, or leave --task out");
                    message?.Invoke($"evaluate: the model finds the right answer more probable in {right} of {scores.Length} pairs, which are taken");
                    task = read.Task.Select(pair => scores[pair] > 0);
                    evaluator = new FeatureCircuitEvaluator(new AutoencoderSites(model.Model, model.Autoencoders), task);
                }

                return Measured(circuit, evaluator, task!);
            });
        }
    }

    // Circuits of the label by what their readouts say of sentences that nothing was learnt from.
    private void EvaluateLabel(ExperimentModel model, Dictionary<string, string> keys)
    {
        if (inputs.TestText is not { } path)
        {
            return;
        }

        string decides = Convert.ToHexStringLower(SHA256.HashData(File.Exists(path) ? File.ReadAllBytes(path) : throw new InputException(path, "no such file", "name a file of labelled sentences")));
        foreach (string file in (string[])[FileOf(_targets[0]), .. options.LambdaRatios.Select(ratio => CurveFile(_targets[0], ratio))])
        {
            Change($"evaluate label: {Path.GetFileNameWithoutExtension(file)}", file, StageLog.Key(keys[file], decides, inputs.TextColumn ?? string.Empty, inputs.LabelColumn), circuit =>
            {
                if (circuit.Readout is not { } readout)
                {
                    return circuit;
                }

                ReadoutBehaviour behaviour = new(readout, new AutoencoderSites(model.Model, model.Autoencoders), file);
                BehaviourTask task = LabelledTaskFile.Read(path, inputs.TextColumn, inputs.LabelColumn, model.Tokenizer, behaviour).Task;
                Circuit measured = Measured(circuit, new FeatureCircuitEvaluator(behaviour.Sites, task), task, "label");
                return measured.With(metrics: new OrderedDictionary<string, double>(measured.Metrics, StringComparer.Ordinal) { ["label_right"] = task.Scores(model.Model).Count(score => score > 0) / (double)task.Pairs });
            });
        }
    }

    private Circuit Measured(Circuit circuit, FeatureCircuitEvaluator evaluator, BehaviourTask task, string name = "task")
    {
        IReadOnlyList<FeatureNode> nodes = FeatureRanking.NodesInCircuit(circuit, evaluator.Sites);
        CircuitEvaluation own = evaluator.Evaluate(nodes, cancellation);
        double random = nodes.Count == 0 ? double.NaN : Enumerable.Range(0, RandomSets).Average(seed => evaluator.Evaluate([.. evaluator.Random((ulong)seed).Nodes.Take(nodes.Count)], cancellation).Faithfulness);
        OrderedDictionary<string, double> metrics = new(circuit.Metrics, StringComparer.Ordinal) { [$"{name}_{(task.Readout is null ? "pairs" : "texts")}"] = task.Pairs, [name + "_behaviour"] = -own.ModelLoss, [name + "_candidate_nodes"] = evaluator.Candidates.Count };
        foreach ((string measure, double value) in (ReadOnlySpan<(string, double)>)[("_faithfulness", own.Faithfulness), ("_completeness", own.Completeness), ("_faithfulness_random", random)])
        {
            // Where the model does no better than nothing, or there is no circuit, there is no share to speak of.
            if (nodes.Count > 0 && double.IsFinite(value))
            {
                metrics[name + measure] = value;
            }
        }

        return circuit.With(metrics: metrics);
    }

    private static bool IsOf(string file, string key) => File.Exists(file) && CircuitFile.Read(file).Provenance.GetValueOrDefault("experiment_key") == key;

    private static OrderedDictionary<string, string> With(IReadOnlyDictionary<string, string> provenance, (string Key, string Value) entry) => new(provenance, StringComparer.Ordinal) { [entry.Key] = entry.Value };
}
