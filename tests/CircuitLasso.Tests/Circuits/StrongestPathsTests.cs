namespace CircuitLasso.Tests;

public sealed class StrongestPathsTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(7)]
    [InlineData(10_000)]
    public void The_paths_are_the_best_of_all_paths_enumerated(int count)
    {
        for (int seed = 0; seed < 20; seed++)
        {
            Circuit circuit = SampleCircuits.Component(layers: 2, heads: 3, parallelBlocks: seed % 2 == 0, seed, inCircuit: 25);
            double[] expected = [.. Enumerate(circuit, circuit.Target.Name).Select(path => path.Strength).OrderDescending().Take(count)];
            IReadOnlyList<CircuitPath> paths = StrongestPaths.Find(circuit, count);
            Assert.Equal(expected.Length, paths.Count);
            Assert.All(paths.Zip(expected), pair => Assert.Equal(pair.Second, pair.First.Strength, 1e-14));
            Assert.Equal(paths.Count, paths.Select(path => string.Join(' ', path.Nodes)).Distinct().Count());
            Dictionary<string, double> all = Enumerate(circuit, circuit.Target.Name).ToDictionary(path => path.Nodes, path => path.Strength);
            Assert.All(paths, path => Assert.Equal(all[string.Join(' ', path.Nodes)], path.Strength, 1e-14));
        }
    }

    [Fact]
    public void Strengths_of_all_paths_of_a_full_graph_sum_to_one()
    {
        Circuit circuit = SampleCircuits.Component(layers: 2, heads: 2, inCircuit: 1000);
        Assert.Equal(1, StrongestPaths.Find(circuit, 100_000).Sum(path => path.Strength), 1e-12);
    }

    [Fact]
    public void Huge_weights_give_finite_shares()
    {
        Circuit circuit = SampleCircuits.Features();
        Assert.All(StrongestPaths.Shares(circuit).Values, share => Assert.InRange(share, 0, 1));
        Assert.Equal(["embed/7", "resid_post.5/3036", "y"], StrongestPaths.Find(circuit, 1).Single().Nodes);
    }

    [Fact]
    public void A_circuit_whose_target_reads_nothing_has_no_path() =>
        Assert.Empty(StrongestPaths.Find(SampleCircuits.Component(inCircuit: 0), 5));

    private static IEnumerable<(string Nodes, double Strength)> Enumerate(Circuit circuit, string end)
    {
        double sum = circuit.Edges.Where(edge => edge.Target == end).Sum(edge => Math.Abs(edge.Weight));
        foreach (CircuitEdge edge in circuit.Edges.Where(edge => edge.InCircuit && edge.Target == end))
        {
            double share = Math.Abs(edge.Weight) / sum;
            bool starts = !circuit.Edges.Any(other => other.InCircuit && other.Target == edge.Source);
            IEnumerable<(string Nodes, double Strength)> before = starts ? [(edge.Source, 1)] : Enumerate(circuit, edge.Source);
            foreach ((string nodes, double strength) in before)
            {
                yield return ($"{nodes} {end}", strength * share);
            }
        }
    }
}
