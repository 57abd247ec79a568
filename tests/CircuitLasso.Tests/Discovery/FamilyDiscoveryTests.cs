using CircuitLasso.Models;
using CircuitLasso.Tensors;
using CircuitLasso.Testing;

namespace CircuitLasso.Tests;

/// <summary>Every method, the evaluation and the decomposed pass on a model of every family.</summary>
public sealed class FamilyDiscoveryTests
{
    private static readonly int[] _even = [.. Enumerable.Repeat(6, 12)];
    private static readonly int[] _uneven = [4, 6, 5, 6, 3, 6, 5, 4, 6, 3, 6, 6];

    [Theory]
    [MemberData(nameof(FamilyFixtures.Names), MemberType = typeof(FamilyFixtures))]
    public void Every_method_scores_every_edge_of_a_model_of_this_project(string name) => AssertMethods(FamilyFixtures.Folder(name), DiscoveryMethods.All, _even, _uneven);

    [Theory]
    [MemberData(nameof(FamilyFixtures.MadeElsewhere), MemberType = typeof(FamilyFixtures))]
    public void Regressions_and_gradients_score_every_edge_of_a_model_made_elsewhere(string name) =>
        AssertMethods(SharedData.Require("families", name), [DiscoveryMethods.Named("lasso"), DiscoveryMethods.Named("eap-ig"), DiscoveryMethods.Named("ifr")], _even);

    private static void AssertMethods(string folder, IReadOnlyList<IDiscoveryMethod> methods, params ReadOnlySpan<int[]> tasks)
    {
        using TransformerModel model = ModelCheckpoint.Load(folder);
        AssertDecomposed(model);
        foreach (int[] lengths in tasks)
        {
            DiscoveryTask task = Task(model, lengths);
            CircuitEvaluator evaluator = new(model, task, AblationValue.Corrupt);
            ComponentGraph graph = evaluator.Graph;
            Assert.Equal(!model.Description.ParallelSublayers, graph.Contains("a0.h0", "m0"));
            foreach (IDiscoveryMethod method in methods)
            {
                ComponentDiscovery found = method.Discover(model, task, new DiscoveryOptions { Steps = 2 }, null, TestContext.Current.CancellationToken);
                double[] scores = found.Scores.Values.ToArray();
                Assert.Equal(graph.EdgeCount, scores.Length);
                Assert.All(scores, score => Assert.True(double.IsFinite(score), $"{method.Name}: {score}"));
                Assert.True(scores.Any(score => score != 0), $"{method.Name}: every score is 0");
                CircuitEvaluation evaluation = evaluator.EvaluateEdges([.. found.InCircuit]);
                Assert.True(double.IsFinite(evaluation.CircuitLoss), method.Name);
            }

            bool[] all = new bool[graph.EdgeCount];
            CircuitEvaluation empty = evaluator.EvaluateEdges(all);
            Array.Fill(all, true);
            CircuitEvaluation whole = evaluator.EvaluateEdges(all);
            Assert.Equal(whole.ModelLoss, whole.CircuitLoss);
            Assert.Equal(empty.EmptyLoss, empty.CircuitLoss);
            Assert.NotEqual(empty.EmptyLoss, whole.ModelLoss);
        }
    }

    private static void AssertDecomposed(TransformerModel model)
    {
        TokenBatch batch = new(Texts(model, [9, 5], 3));
        using IDisposable mode = GradientMode.Disable();
        using TensorScope scope = new();
        using DecomposedForward run = new(model, batch);
        float[] ordinary = model.Forward(batch, null, LogitPositions.None).ToArray();
        float[] decomposed = run.LogitsInput.ToArray();
        int width = model.Description.Width;
        for (int row = 0; row < decomposed.Length / width; row++)
        {
            for (int i = 0; i < width && row % batch.Positions < batch.Lengths[row / batch.Positions]; i++)
            {
                float expected = ordinary[(row * width) + i];
                Assert.True(Math.Abs(expected - decomposed[(row * width) + i]) <= 2e-5 * (1 + Math.Abs(expected)), $"{row}, {i}: {decomposed[(row * width) + i]} and not {expected}");
            }
        }
    }

    private static DiscoveryTask Task(TransformerModel model, int[] lengths)
    {
        Random random = new(4);
        int[][] classes = [.. lengths.Select(_ => (int[])[random.Next(model.Description.OutputSize)])];
        return new DiscoveryTask
        {
            Name = "family",
            Clean = Texts(model, lengths, 1),
            Corrupt = Texts(model, lengths, 2),
            ScoredPositions = [.. lengths.Select(length => (int[])[length - 1])],
            Metric = TaskMetric.LogitDifference,
            Classes = classes,
            WrongClasses = [.. classes.Select(row => row.Select(value => (value + 1) % model.Description.OutputSize).ToArray())],
        };
    }

    private static int[][] Texts(TransformerModel model, int[] lengths, int seed)
    {
        Random random = new(seed);
        return [.. lengths.Select(length => Enumerable.Range(0, length).Select(_ => random.Next(model.Description.VocabularySize)).ToArray())];
    }
}
