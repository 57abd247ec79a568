using CircuitLasso.Testing;

namespace CircuitLasso.Tests;

[Collection(ThreadCount.Collection)]
public sealed class PlantedFeaturePathTests : IDisposable
{
    private static readonly string[] _path =
    [
        "resid_post.0/3->resid_post.1/11", "resid_post.0/8->resid_post.1/11", "resid_post.1/11->resid_post.2/20",
    ];

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData(5, FeatureSources.Adjacent, Pooling.Mean)]
    [InlineData(6, FeatureSources.Adjacent, Pooling.None)]
    [InlineData(7, FeatureSources.All, Pooling.Mean)]
    [InlineData(8, FeatureSources.Adjacent, Pooling.Sum)]
    public void The_circuit_of_a_number_is_exactly_the_planted_path_at_the_default_lambda(int seed, FeatureSources sources, Pooling pooling)
    {
        using ActivationStoreReader store = new FeatureRows(seed, pooling: pooling).Write(_folder.PathOf("store"));
        FeatureCircuitResult result = FeatureCircuitLearner.Learn(store, StoreTarget.Read(store, "score"), new() { Sources = sources }, cancellation: TestContext.Current.CancellationToken);
        Assert.True(result.Predictable);
        Assert.Equal(0, result.Missed);
        AssertPath([.. _path, "resid_post.2/20->logits"], result.Circuit);
    }

    [Theory]
    [InlineData(9, 2)]
    [InlineData(10, 2)]
    [InlineData(11, 3)]
    public void The_circuit_of_a_label_is_exactly_the_planted_path_at_the_default_lambda(int seed, int classes)
    {
        using ActivationStoreReader store = new FeatureRows(seed, classes: classes).Write(_folder.PathOf("store"));
        FeatureCircuitResult result = FeatureCircuitLearner.Learn(store, StoreTarget.Read(store, "label"), cancellation: TestContext.Current.CancellationToken);
        Assert.True(result.Predictable);
        Assert.Equal(0, result.Missed);
        AssertPath([.. _path, "resid_post.2/20->y"], result.Circuit);
    }

    [Fact]
    public void The_circuit_of_a_feature_is_what_leads_to_it()
    {
        using ActivationStoreReader store = new FeatureRows().Write(_folder.PathOf("store"));
        FeatureCircuitResult result = FeatureCircuitLearner.Learn(store, FeatureNodeName.Parse("resid_post.2/20"), cancellation: TestContext.Current.CancellationToken);
        AssertPath(_path, result.Circuit);
        Assert.Equal("resid_post.2/20", result.Circuit.Target.Name);
        Assert.Equal(1, result.Circuit.Target.Relevance, 12);
        Assert.InRange(result.Circuit.Edge("resid_post.1/11", "resid_post.2/20")!.Weight, 1.1, 1.25);
    }

    [Theory]
    [InlineData("score")]
    [InlineData("label")]
    public void A_target_of_noise_is_not_predictable_and_has_no_circuit(string target)
    {
        using ActivationStoreReader store = new FeatureRows(planted: false).Write(_folder.PathOf("store"));
        FeatureCircuitResult result = FeatureCircuitLearner.Learn(store, StoreTarget.Read(store, target), cancellation: TestContext.Current.CancellationToken);
        Assert.False(result.Predictable);
        Assert.DoesNotContain(result.Circuit.Edges, edge => edge.InCircuit);
    }

    [Fact]
    public void All_pairs_hold_the_planted_path()
    {
        using ActivationStoreReader store = new FeatureRows().Write(_folder.PathOf("store"));
        FeatureCircuitResult result = FeatureCircuitLearner.LearnAll(store, cancellation: TestContext.Current.CancellationToken);
        string[] edges = [.. result.Circuit.Edges.Select(Text)];
        Assert.All(_path, edge => Assert.Contains(edge, edges));
        Assert.InRange(edges.Length, _path.Length, _path.Length + 12);
    }

    private static string Text(CircuitEdge edge) => $"{edge.Source}->{edge.Target}";

    private static void AssertPath(string[] expected, Circuit circuit) =>
        Assert.Equal(expected.Order(StringComparer.Ordinal), circuit.Edges.Where(edge => edge.InCircuit).Select(Text).Order(StringComparer.Ordinal));
}
