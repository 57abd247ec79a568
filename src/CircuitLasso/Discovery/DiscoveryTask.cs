using CircuitLasso.Models;
using CircuitLasso.Numerics;

namespace CircuitLasso;

/// <summary>What a circuit is to explain: pairs of texts and what is asked of the model's output on them. Immutable.</summary>
/// <remarks>
/// A pair is a clean and a corrupt text of equal length; an intervention replaces what the model computes on the first by what it computes on the second. Methods
/// that only observe see every clean and every corrupt text once each, and no pairing.
/// </remarks>
public sealed record DiscoveryTask
{
    /// <summary>A few words for tables and files.</summary>
    public required string Name { get; init; }

    /// <summary>Token ids of the clean texts.</summary>
    public required IReadOnlyList<int[]> Clean { get; init; }

    /// <summary>Token ids of the corrupt texts; the i-th is as long as the i-th clean one.</summary>
    public required IReadOnlyList<int[]> Corrupt { get; init; }

    /// <summary>For every pair the positions whose outputs count, in rising order; at least one.</summary>
    public required IReadOnlyList<int[]> ScoredPositions { get; init; }

    /// <summary>What is asked of the outputs.</summary>
    public required TaskMetric Metric { get; init; }

    /// <summary>For every pair and scored position the right class (a token id, for a language model). Needed by cross-entropy and logit difference.</summary>
    public IReadOnlyList<int[]>? Classes { get; init; }

    /// <summary>For every pair and scored position the wrong class. Needed by logit difference.</summary>
    public IReadOnlyList<int[]>? WrongClasses { get; init; }

    /// <summary>For every pair and scored position the right number. Needed by squares.</summary>
    public IReadOnlyList<float[]>? Numbers { get; init; }

    /// <summary>Number of pairs.</summary>
    public int Count => Clean.Count;

    /// <summary>Pairs of texts with one right and one wrong next token each, asked of the last position.</summary>
    /// <param name="name">A few words.</param>
    /// <param name="clean">Token ids of the clean texts.</param>
    /// <param name="corrupt">Token ids of the corrupt texts.</param>
    /// <param name="correct">The right next token of every clean text.</param>
    /// <param name="wrong">The wrong one.</param>
    public static DiscoveryTask OfAnswers(string name, IReadOnlyList<int[]> clean, IReadOnlyList<int[]> corrupt, IReadOnlyList<int> correct, IReadOnlyList<int> wrong)
    {
        ArgumentNullException.ThrowIfNull(clean);
        ArgumentNullException.ThrowIfNull(correct);
        ArgumentNullException.ThrowIfNull(wrong);
        return new DiscoveryTask
        {
            Name = name,
            Clean = clean,
            Corrupt = corrupt,
            ScoredPositions = [.. clean.Select(text => (int[])[text.Length - 1])],
            Metric = TaskMetric.LogitDifference,
            Classes = [.. correct.Select(token => (int[])[token])],
            WrongClasses = [.. wrong.Select(token => (int[])[token])],
        };
    }

    /// <summary>Checks that the task is whole and that the model can run it.</summary>
    /// <param name="model">The model.</param>
    /// <exception cref="InputException">
    /// There is no pair, the two texts of a pair differ in length, a position, class or token is outside its range, or what the metric needs is missing.
    /// </exception>
    public void RequireFits(TransformerModel model)
    {
        ArgumentNullException.ThrowIfNull(model);
        Require(Clean.Count > 0, "has no pair of texts", "give at least one");
        Require(
            Corrupt.Count == Count && ScoredPositions.Count == Count,
            $"has {Count} clean texts, {Corrupt.Count} corrupt ones and scored positions for {ScoredPositions.Count}",
            "give one of each for every pair");
        Require(Metric is not (TaskMetric.CrossEntropy or TaskMetric.LogitDifference) || Classes is not null, "names no right answers", "give a class for every scored position");
        Require(Metric != TaskMetric.LogitDifference || WrongClasses is not null, "names no wrong answers", "give a wrong class for every scored position");
        Require(Metric != TaskMetric.Squares || Numbers is not null, "names no right numbers", "give a number for every scored position");
        int vocabulary = model.Description.VocabularySize;
        for (int pair = 0; pair < Count; pair++)
        {
            int length = Clean[pair].Length;
            int[] scored = ScoredPositions[pair];
            Require(length > 0 && Corrupt[pair].Length == length, $"pair {pair} has texts of {length} and {Corrupt[pair].Length} tokens", "give both the same length, at least 1");
            Require(
                length <= model.Description.MaximumPositions,
                $"pair {pair} has {length} tokens, but the model was made for {model.Description.MaximumPositions} positions",
                "give shorter texts");
            Require(
                Clean[pair].Concat(Corrupt[pair]).All(token => (uint)token < (uint)vocabulary),
                $"pair {pair} has a token outside the model's vocabulary of {vocabulary}",
                "use the tokenizer that belongs to the model");
            Require(
                scored.Length > 0 && scored[0] >= 0 && scored[^1] < length && scored.Zip(scored.Skip(1)).All(step => step.First < step.Second),
                $"pair {pair} has scored positions that do not rise within 0 to {length - 1}",
                "name at least one position, each once and in order");
            RequireAnswers(Classes, pair, "right", OutputWidth(model));
            RequireAnswers(WrongClasses, pair, "wrong", OutputWidth(model));
            Require(
                Numbers is null || (Numbers.Count == Count && Numbers[pair].Length == scored.Length && Numbers[pair].All(float.IsFinite)),
                $"pair {pair} has not one finite number for every scored position",
                "give as many as positions");
        }
    }

    private static int OutputWidth(TransformerModel model) => model.Description.OutputSize;

    private void RequireAnswers(IReadOnlyList<int[]>? answers, int pair, string which, int classes) => Require(
        answers is null || (answers.Count == Count && answers[pair].Length == ScoredPositions[pair].Length && answers[pair].All(answer => (uint)answer < (uint)classes)),
        $"pair {pair} has not one {which} class from 0 to {classes - 1} for every scored position",
        "give as many as positions");

    private void Require(bool holds, string problem, string remedy)
    {
        if (!holds)
        {
            throw new InputException($"task {Name}", problem, remedy);
        }
    }
}
