using CircuitLasso.Models;
using CircuitLasso.Numerics;

namespace CircuitLasso;

/// <summary>
/// The main job, end to end, on the embedded model: minimal pairs of subject-verb agreement, activations at the last word before the verb, a circuit of the
/// model's own preference between the plural and the singular verb, and the same for a model whose weights are shuffled; then a circuit over all words, tested by
/// intervention.
/// </summary>
public static class GrammarDemonstration
{
    /// <summary>Number of minimal pairs.</summary>
    public const int Examples = 2400;

    private const ulong ExampleSeed = 20;
    private const ulong ShuffleSeed = 7;
    private const string PhenomenonPrefix = "agreement_";
    private const string AnswerA = "answer_a";
    private const string AnswerB = "answer_b";

    /// <summary>Runs the demonstration.</summary>
    /// <param name="folder">Where it writes models, pairs, stores, circuits and the report; made if need be. Finished stores in it are used again.</param>
    /// <param name="progress">Told how far the work has come.</param>
    /// <param name="message">Told about each step, for people.</param>
    /// <param name="cancellation">Stops the work; the same call goes on.</param>
    /// <returns>The trained model's run, then that of the shuffled one.</returns>
    /// <exception cref="InputException">The folder cannot be written, or holds something else.</exception>
    public static IReadOnlyList<DemonstrationRun> Run(string folder, IProgress<WorkProgress>? progress = null, Action<string>? message = null, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(folder);
        Directory.CreateDirectory(folder);
        string trained = Path.Combine(folder, "model");
        string shuffled = Path.Combine(folder, "model-shuffled");
        string pairs = Path.Combine(folder, "pairs.jsonl");
        EmbeddedModel.Extract(trained);
        Shuffle(trained, shuffled);
        PhraseGrammar grammar = EmbeddedGrammar.Load();
        IReadOnlyList<GrammarExample> examples = grammar.GenerateExamples(
            ExampleSeed, Examples, [.. grammar.Phenomena.Where(name => name.StartsWith(PhenomenonPrefix, StringComparison.Ordinal))], ExampleSplit.HeldOut);
        AtomicFile.Write(pairs, stream => GrammarExampleFile.Write(stream, examples));
        message?.Invoke($"{examples.Count} minimal pairs that the model has not been trained on, such as: {examples[0].Prefix} [{examples[0].AnswerA}/{examples[0].AnswerB}]");

        DemonstrationRun first = Run("trained model", trained, folder, "store", "agreement.circuit", pairs, examples, progress, message, cancellation);
        first = first with { Intervention = Intervene(trained, folder, grammar, examples, first.Learning.Circuit, progress, cancellation) };
        DemonstrationRun second = Run("shuffled weights", shuffled, folder, "store-shuffled", "agreement-shuffled.circuit", pairs, examples, progress, message, cancellation);
        AtomicFile.WriteAllText(Path.Combine(folder, "agreement.svg"), CircuitPicture.Draw(first.Learning.Circuit, DemonstrationReport.PictureTitle));
        new DemonstrationReport(first, second, examples).Write(Path.Combine(folder, "report.html"));
        return [first, second];
    }

    private static DemonstrationRun Run(
        string name,
        string modelFolder,
        string folder,
        string storeName,
        string circuitName,
        string pairs,
        IReadOnlyList<GrammarExample> examples,
        IProgress<WorkProgress>? progress,
        Action<string>? message,
        CancellationToken cancellation)
    {
        string store = Path.Combine(folder, storeName);
        using TransformerModel model = ModelCheckpoint.Load(modelFolder);
        Tokenizer tokenizer = Tokenizer.Load(modelFolder);
        TextSource text = TextSource.Open(pairs, new TextOptions { TextColumn = "prefix", KeptColumns = [AnswerA, AnswerB] });
        ActivationCollector collector = new(model, modelFolder, tokenizer, text, new CollectionOptions
        {
            Sites = CollectionOptions.ComponentSites(model.Description),
            Answers = (AnswerA, AnswerB),
        });
        collector.Run(store, progress, cancellation);
        using ActivationStoreReader reader = ActivationStoreReader.Open(store);
        LearningTarget target = StoreTarget.Read(reader, ActivationCollector.LogitDifferenceTarget);
        LearningResult learning = LassoLearner.Learn(new StoreLearningData(reader), target, null, progress, cancellation);
        CircuitFile.Write(learning.Circuit, Path.Combine(folder, circuitName));
        double accuracy = target.Numbers!.Zip(examples, (difference, example) => difference > 0 == (example.Grammatical == GrammaticalAnswer.A) ? 1.0 : 0.0).Average();
        message?.Invoke(string.Create(
            System.Globalization.CultureInfo.InvariantCulture,
            $"{name}: prefers the grammatical verb in {accuracy:P1} of pairs; circuit of {learning.Circuit.NodesInCircuit().Count} nodes and {learning.Circuit.Edges.Count(edge => edge.InCircuit)} edges"));
        return new DemonstrationRun(name, learning, accuracy, HeadAttentionMeasure.Measure(model, tokenizer, examples));
    }

    private static InterventionTest Intervene(
        string modelFolder, string folder, PhraseGrammar grammar, IReadOnlyList<GrammarExample> examples, Circuit lastWord, IProgress<WorkProgress>? progress, CancellationToken cancellation)
    {
        string learning = Path.Combine(folder, "twins.jsonl");
        string test = Path.Combine(folder, "twins-test.jsonl");
        (string One, string Other) example = AgreementTwins.Write(grammar, examples, learning, test);
        using TransformerModel model = ModelCheckpoint.Load(modelFolder);
        Tokenizer tokenizer = Tokenizer.Load(modelFolder);
        InterventionTest tested = CircuitIntervention.Run(
            model, modelFolder, TaskFile.Read(learning, tokenizer, model), TaskFile.Read(test, tokenizer, model), example, lastWord, progress, cancellation);
        CircuitFile.Write(tested.Circuit, Path.Combine(folder, "twins.circuit"));
        return tested;
    }

    private static void Shuffle(string source, string destination)
    {
        using TransformerModel model = ModelCheckpoint.Load(source);
        using TransformerModel shuffled = new(model.Description, ParameterInitializer.Shuffled(model.Description, model.Parameters, ShuffleSeed));
        ModelCheckpoint.SaveGpt2(shuffled, destination);
        File.Copy(Path.Combine(source, "tokenizer.json"), Path.Combine(destination, "tokenizer.json"), overwrite: true);
    }
}
