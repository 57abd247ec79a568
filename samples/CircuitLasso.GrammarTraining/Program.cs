using System.Diagnostics;
using System.Globalization;
using System.Text;
using CircuitLasso;
using CircuitLasso.GrammarTraining;
using CircuitLasso.Models;
using CircuitLasso.Numerics;
using CircuitLasso.Tensors;

// Trains the embedded model of assets/grammar from its seed: the same settings give the same bytes, whatever the number of threads.
TrainingSettings settings = TrainingSettings.Parse(args);
CultureInfo.CurrentCulture = CultureInfo.InvariantCulture;
PhraseGrammar grammar = EmbeddedGrammar.Load();
using TemporaryTokenizer temporary = new();
Tokenizer tokenizer = Tokenizer.Load(temporary.Path);
ModelDescription description = new()
{
    Family = "gpt2",
    Layers = settings.Layers,
    Width = settings.Width,
    VocabularySize = tokenizer.VocabularySize,
    MaximumPositions = settings.Positions,
    LearnedPositions = true,
    TiedEmbeddings = true,
    Normalization = new NormalizationDescription(NormalizationKind.Layer, 1e-5f),
    Attention = new AttentionDescription
    {
        Heads = settings.Heads,
        KeyValueHeads = settings.Heads,
        HeadWidth = settings.Width / settings.Heads,
        HasInputBias = true,
        HasOutputBias = true,
        ScoreScales = [.. Enumerable.Repeat(1 / MathF.Sqrt(settings.Width / settings.Heads), settings.Layers)],
    },
    Mlp = new MlpDescription(4 * settings.Width, Activation.GeluTanh, Gated: false, HasBias: true),
};
using TransformerModel model = new(description, ParameterInitializer.Random(description, settings.Seed));
using AdamW optimiser = new(new AdamWOptions { Beta2 = 0.98f, WeightDecay = settings.WeightDecay });
foreach (ParameterKey key in model.Parameters.Keys)
{
    Tensor parameter = model.Parameters[key];
    parameter.RequiresGradient = true;
    optimiser.Add(parameter, decays: parameter.Rank > 1);
}

IReadOnlyList<GrammarExample> heldOut = grammar.GenerateExamples(settings.Seed + 1000, 2000, ExampleSplit.HeldOut);
using IEnumerator<string> text = grammar.GenerateTrainingText(settings.Seed).GetEnumerator();
StringBuilder log = new();
void Log(string line)
{
    Console.WriteLine(line);
    log.Append(line).Append('\n');
}

Log(FormattableString.Invariant($"# {model.Parameters.Count} parameters, vocabulary {tokenizer.VocabularySize}, {settings.Layers} layers, {settings.Heads} heads, width {settings.Width}"));
Log(FormattableString.Invariant($"# {settings.Steps} steps of {settings.SentencesPerStep} sentences, AdamW, learning rate {settings.LearningRate}, weight decay {settings.WeightDecay}, seed {settings.Seed}"));
Log($"# matrix products: {MatrixBackend.Default.Name}");
Log("step\tloss (nats a token)\taccuracy on 2,000 held-out minimal pairs");
int endOfSentence = tokenizer.IdOf(GrammarVocabulary.EndOfSentence)!.Value;
LearningRateSchedule schedule = new(settings.LearningRate, Math.Min(100, settings.Steps / 2), settings.Steps, 0.02f * settings.LearningRate);
Stopwatch clock = Stopwatch.StartNew();
for (int step = 1; step <= settings.Steps; step++)
{
    using TensorScope scope = new();
    int[][] sentences = [.. Enumerable.Range(0, settings.SentencesPerStep).Select(_ =>
    {
        text.MoveNext();
        return (int[])[.. tokenizer.Encode(text.Current), endOfSentence];
    })];
    TokenBatch batch = new([.. sentences.Select(sentence => sentence[..^1])]);
    int[] targets = [.. Enumerable.Repeat(-1, batch.Count * batch.Positions)];
    for (int row = 0; row < sentences.Length; row++)
    {
        sentences[row].AsSpan(1).CopyTo(targets.AsSpan(row * batch.Positions));
    }

    Tensor logits = model.Forward(batch);
    Tensor loss = logits.Reshape(batch.Count * batch.Positions, description.VocabularySize).CrossEntropy(targets);
    loss.Backward();
    GradientNorm.Clip(optimiser.Parameters, 1);
    optimiser.Step(schedule.At(step - 1));
    optimiser.ClearGradients();
    if (step % 250 == 0 || step == settings.Steps)
    {
        SortedDictionary<string, double> accuracy = TwinAccuracy.Measure(model, tokenizer, heldOut);
        string parts = string.Join(' ', accuracy.Select(pair => FormattableString.Invariant($"{pair.Key}={pair.Value:F3}")));
        Log(FormattableString.Invariant($"{step}\t{loss.Item():F4}\tmean={accuracy.Values.Average():F4} {parts}"));
        Console.Error.WriteLine(FormattableString.Invariant($"{clock.Elapsed.TotalSeconds:F0} s"));
    }
}

string folder = Path.Combine(settings.Output, "model");
ModelCheckpoint.SaveGpt2(model, folder);
AtomicFile.WriteAllText(Path.Combine(settings.Output, "training.log"), log.ToString());
