using CircuitLasso.Numerics;
using CircuitLasso.Testing;

namespace CircuitLasso.Tests;

[Collection(ThreadCount.Collection)]
public sealed class TargetLambdaRuleTests : IDisposable
{
    private const int Causes = 18;
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void What_the_last_stream_determines_is_read_from_every_feature_that_writes_to_it()
    {
        using ActivationStoreReader store = Determined(FeatureRows.Sites).Write(_folder.PathOf("store"));
        FeatureCircuitResult found = Learn(store, isAtEnd: true, new()), strict = Learn(store, isAtEnd: true, new() { TargetRule = TargetLambdaRule.Criterion });
        for (int j = 0; j < Causes; j++)
        {
            Assert.InRange(found.Circuit.Edge($"resid_post.2/{j}", "logits")!.Weight, 0.2 * Weight(j), Weight(j) + 0.03);
        }

        Assert.All(Into(found).Where(edge => !IsCause(edge)), edge => Assert.InRange(Math.Abs(edge.Weight), 0, 0.03));
        Assert.All(Into(found), edge => Assert.True(edge.EntersAtLambda >= found.Circuit.Metrics["target_lambda"]));
        Assert.InRange(Into(strict).Count(IsCause), 8, Causes - 1);
        Assert.True(strict.Circuit.Metrics["target_lambda"] > found.Circuit.Metrics["target_lambda"]);
        Assert.Contains("held-out", found.Circuit.Provenance["target_lambda_rule"], StringComparison.Ordinal);
        Assert.Contains("criterion", strict.Circuit.Provenance["target_lambda_rule"], StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(false, FeatureRows.Sites, Pooling.Last)]
    [InlineData(true, FeatureRows.Sites + 1, Pooling.Last)]
    [InlineData(true, null, Pooling.Last)]
    [InlineData(true, FeatureRows.Sites, Pooling.Mean)]
    [InlineData(true, FeatureRows.Sites, Pooling.Sum)]
    public void Where_the_last_stream_at_the_last_token_alone_does_not_determine_the_target_the_criterion_chooses(bool isAtEnd, int? layers, Pooling pooling)
    {
        using ActivationStoreReader store = Determined(layers, pooling).Write(_folder.PathOf("store"));
        FeatureCircuitResult found = Learn(store, isAtEnd, new()), strict = Learn(store, isAtEnd, new() { TargetRule = TargetLambdaRule.Criterion });
        Assert.Equal(strict.Circuit.Metrics["target_lambda"], found.Circuit.Metrics["target_lambda"]);
    }

    [Fact]
    public void A_rule_that_is_asked_for_stands_beside_a_ratio_for_features()
    {
        using ActivationStoreReader store = Determined(FeatureRows.Sites).Write(_folder.PathOf("store"));
        double Lambda(double? ratio, TargetLambdaRule? rule) => Learn(store, isAtEnd: true, new() { LambdaRatio = ratio, TargetRule = rule }).Circuit.Metrics["target_lambda"];
        Assert.Equal(Lambda(null, null), Lambda(0.3, TargetLambdaRule.HeldOutError));
        Assert.Equal(Lambda(null, TargetLambdaRule.Criterion), Lambda(0.3, TargetLambdaRule.Criterion));
        Assert.True(Lambda(0.3, null) > 10 * Lambda(null, null));
    }

    [Fact]
    public void Classes_have_no_held_out_rule()
    {
        using ActivationStoreReader store = Determined(FeatureRows.Sites).Write(_folder.PathOf("store"));
        string message = Assert.Throws<InputException>(() => FeatureCircuitLearner.Learn(store, StoreTarget.Read(store, "label"), new() { TargetRule = TargetLambdaRule.HeldOutError })).Message;
        Assert.Contains("--target-lambda", message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', message);
    }

    [Fact]
    public void The_number_of_threads_changes_no_byte_of_the_file()
    {
        using ActivationStoreReader store = Determined(FeatureRows.Sites).Write(_folder.PathOf("store"));
        byte[] Bytes(int threads) => ThreadCount.With(threads, () =>
        {
            string file = _folder.PathOf($"{threads}.circuit");
            CircuitFile.Write(Learn(store, isAtEnd: true, new() { StabilityPairs = 2 }).Circuit, file);
            return File.ReadAllBytes(file);
        });
        Assert.Equal(Bytes(1), Bytes(4));
    }

    // From .4 down to a twelfth of that.
    private static double Weight(int feature) => 0.4 * Math.Pow(12, -feature / (Causes - 1.0));

    private static bool IsCause(CircuitEdge edge) => FeatureNodeName.Parse(edge.Source).Feature < Causes;

    private static CircuitEdge[] Into(FeatureCircuitResult result) => [.. result.Circuit.Edges.Where(edge => edge.Target == "logits")];

    private static FeatureCircuitResult Learn(ActivationStoreReader store, bool isAtEnd, FeatureCircuitOptions options)
    {
        double[] numbers = new double[store.RowCount];
        float[] values = new float[numbers.Length];
        store.ReadTarget("score", 0, values);
        for (int row = 0; row < numbers.Length; row++)
        {
            numbers[row] = values[row];
        }

        return FeatureCircuitLearner.Learn(store, LearningTarget.Behaviour("score", numbers, isAtEnd), options, cancellation: TestContext.Current.CancellationToken);
    }

    // Many features of the last site write to the number, strongly and weakly, and nothing else does: what the fit cannot follow is a function of theirs.
    private static FeatureRows Determined(int? layers, Pooling pooling = Pooling.Last)
    {
        FeatureRows rows = new(seed: 12, texts: 400, features: 60, error: 2, pooling) { Layers = layers };
        float[,] last = rows.Values(FeatureRows.Name(FeatureRows.Sites - 1));
        for (int row = 0; row < rows.Score.Length; row++)
        {
            double sum = Enumerable.Range(0, Causes).Sum(j => Weight(j) * last[row, j]);
            rows.Score[row] = (float)(sum + (0.1 * Math.Sin(40 * sum)));
        }

        return rows;
    }
}
