using System.Globalization;
using CircuitLasso.Models;
using CircuitLasso.Numerics;

namespace CircuitLasso;

/// <summary>
/// A behaviour m of a model: the mean over pairs of the log-probability of the right answer minus that of the wrong one, summed over the tokens of each. With answers of one token this
/// is the logit difference after the last token of the text. Or the mean over texts of what a fitted readout says of them (<see cref="ReadoutBehaviour"/>). Immutable.
/// </summary>
public sealed class BehaviourTask
{
    /// <summary>Makes a task of texts.</summary>
    /// <param name="name">A few words.</param>
    /// <param name="texts">The texts; their pairs are numbered from 0 without gaps.</param>
    /// <exception cref="InputException">There is no text, two of a pair differ in length, a text asks nothing or asks after its end.</exception>
    public BehaviourTask(string name, IEnumerable<BehaviourText> texts)
        : this(name, texts, null)
    {
    }

    /// <summary>Makes a task of texts that a readout is put to. A text need not have another of a pair: then it stands for its own corrupt text.</summary>
    /// <param name="name">A few words.</param>
    /// <param name="texts">The texts with their answers and without terms, numbered from 0 without gaps.</param>
    /// <param name="readout">The readout; null for the model's own outputs.</param>
    /// <exception cref="InputException">There is no text, one is empty or of another length than its corrupt text, or has an answer that the readout does not know.</exception>
    public BehaviourTask(string name, IEnumerable<BehaviourText> texts, ReadoutBehaviour? readout)
    {
        ArgumentNullException.ThrowIfNull(name);
        ArgumentNullException.ThrowIfNull(texts);
        (Name, Readout) = (name, readout);
        Texts = [.. texts];
        Require(Texts.Count > 0, "has no text", "give at least one pair");
        Pairs = Texts.Max(text => text.Pair) + 1;
        Require(Texts.Select(text => text.Pair).Distinct().Count() == Pairs && Texts.Min(text => text.Pair) == 0, "leaves pairs out", "number them from 0");
        foreach (BehaviourText text in Texts)
        {
            Require(text.Clean.Length > 0 && text.Clean.Length == text.Corrupt.Length, $"pair {text.Pair} has texts of {text.Clean.Length} and {text.Corrupt.Length} tokens", "give both the same length, at least 1");
            if (readout is not null)
            {
                int classes = readout.Readout.Classes.Count;
                Require(
                    text.Terms.Count == 0 && double.IsFinite(text.Answer) && (classes == 0 || (text.Answer >= 0 && text.Answer < classes && Math.Floor(text.Answer) == text.Answer)),
                    $"text {text.Pair} has no answer that the readout knows",
                    "name one of its classes, or a number");
                continue;
            }

            Require(
                text.Terms.Count > 0 && text.Terms.All(term => (uint)term.Position < (uint)text.Clean.Length && term.Token >= 0 && float.IsFinite(term.Weight)),
                $"pair {text.Pair} asks nothing, or after its end",
                "name positions of the text and tokens");
        }
    }

    /// <summary>A few words.</summary>
    public string Name { get; }

    /// <summary>The texts.</summary>
    public IReadOnlyList<BehaviourText> Texts { get; }

    /// <summary>Number of pairs; of texts where a readout is put to single ones.</summary>
    public int Pairs { get; }

    /// <summary>The readout whose score is the behaviour; null where it is the model's own output.</summary>
    public ReadoutBehaviour? Readout { get; }

    /// <summary>What the behaviour is, in words.</summary>
    public string Metric => Readout?.Description ?? "log-probability of the right answer minus that of the wrong one";

    /// <summary>
    /// Positions before this one have means of their own; all tokens from it on share one. Of pairs every position has its own. Labelled texts differ in length, and at the end of the longest a mean by
    /// position would be the text itself: there it is the positions that every text has.
    /// </summary>
    internal int OwnPositions => Readout is null ? int.MaxValue : Texts.Min(text => text.Corrupt.Length);

    /// <summary>The behaviour that a task of logit differences asks for.</summary>
    /// <param name="task">A task with <see cref="TaskMetric.LogitDifference"/>.</param>
    /// <exception cref="InputException">The task asks for something else or does not name both answers.</exception>
    public static BehaviourTask Of(DiscoveryTask task)
    {
        ArgumentNullException.ThrowIfNull(task);
        if (task.Metric != TaskMetric.LogitDifference || task.Classes is null || task.WrongClasses is null)
        {
            throw new InputException($"task {task.Name}", "does not ask for logit differences", "give pairs with a right and a wrong answer");
        }

        return new BehaviourTask(task.Name, Enumerable.Range(0, task.Count).Select(pair => new BehaviourText(
            pair,
            task.Clean[pair],
            task.Corrupt[pair],
            [.. task.ScoredPositions[pair].SelectMany((position, i) => (BehaviourTerm[])[new(position, task.Classes[pair][i], 1), new(position, task.WrongClasses[pair][i], -1)])])));
    }

    /// <summary>The pairs that hold, numbered anew.</summary>
    /// <param name="belongs">Whether a pair belongs.</param>
    /// <exception cref="InputException">None does.</exception>
    public BehaviourTask Select(Func<int, bool> belongs)
    {
        ArgumentNullException.ThrowIfNull(belongs);
        Dictionary<int, int> number = Enumerable.Range(0, Pairs).Where(belongs).Select((pair, index) => (pair, index)).ToDictionary(both => both.pair, both => both.index);
        Require(number.Count > 0, "has no pair left", "give other pairs");
        return new BehaviourTask(Name, Texts.Where(text => number.ContainsKey(text.Pair)).Select(text => text with { Pair = number[text.Pair] }), Readout);
    }

    /// <summary>Checks that the model can run the task.</summary>
    /// <param name="model">The model.</param>
    /// <exception cref="InputException">A text is too long, or a token is outside the model's vocabulary.</exception>
    public void RequireFits(TransformerModel model)
    {
        ArgumentNullException.ThrowIfNull(model);
        foreach (BehaviourText text in Texts)
        {
            Require(
                text.Clean.Length <= model.Description.MaximumPositions,
                string.Create(CultureInfo.InvariantCulture, $"pair {text.Pair} has {text.Clean.Length} tokens, but the model was made for {model.Description.MaximumPositions} positions"),
                "give shorter texts");
            Require(
                text.Clean.Concat(text.Corrupt).All(token => (uint)token < (uint)model.Description.VocabularySize) && text.Terms.All(term => term.Token < model.Description.OutputSize),
                $"pair {text.Pair} has a token outside the model's vocabulary",
                "use the tokenizer that belongs to the model");
        }
    }

    /// <summary>The behaviour of every pair by itself.</summary>
    /// <param name="model">The model.</param>
    /// <param name="memoryBytes">About how many bytes are used at once.</param>
    /// <exception cref="InputException">The task does not fit the model.</exception>
    public double[] Scores(TransformerModel model, long memoryBytes = 1L << 30)
    {
        RequireFits(model);
        double[] scores = new double[Pairs];
        foreach (BehaviourBatch batch in BehaviourBatch.Cut(this, model, 0, memoryBytes))
        {
            using Tensors.TensorScope scope = new();
            using IDisposable mode = Tensors.GradientMode.Disable();
            if (Readout is not null)
            {
                Readout.AddScores(batch, scores);
                continue;
            }

            batch.AddScores(model, model.Forward(batch.Clean, null, LogitPositions.None), scores);
        }

        return scores;
    }

    /// <summary>The same task with the beginning of a corrupt text drawn at random in the place of each one.</summary>
    internal BehaviourTask WithOtherCorruptTexts(ulong seed)
    {
        Tensors.RandomSource random = new(seed);
        int[][] byLength = [.. Texts.Select(text => text.Corrupt).OrderBy(corrupt => corrupt.Length)];
        return new BehaviourTask(Name, Texts.Select(text =>
        {
            int first = Array.FindIndex(byLength, corrupt => corrupt.Length >= text.Clean.Length);
            return text with { Corrupt = byLength[first + random.NextInt32(byLength.Length - first)][..text.Clean.Length] };
        }), Readout);
    }

    private void Require(bool holds, string problem, string remedy)
    {
        if (!holds)
        {
            throw new InputException($"task {Name}", problem, remedy);
        }
    }
}
