namespace CircuitLasso.Tests;

public sealed class CircuitSelectionTests
{
    [Fact]
    public void Top_edges_are_the_largest_in_absolute_value()
    {
        Circuit circuit = SampleCircuits.Component(inCircuit: 0).SelectTop(9);
        double smallestIn = circuit.Edges.Where(edge => edge.InCircuit).Min(edge => Math.Abs(edge.Weight));
        double largestOut = circuit.Edges.Where(edge => !edge.InCircuit).Max(edge => Math.Abs(edge.Weight));
        Assert.Equal(9, circuit.Edges.Count(edge => edge.InCircuit));
        Assert.True(smallestIn >= largestOut);
        Assert.All(circuit.SelectAbove(smallestIn).Edges.Zip(circuit.Edges), pair => Assert.Equal(pair.Second, pair.First));
    }

    [Fact]
    public void Edges_of_weight_zero_are_never_top()
    {
        Circuit circuit = SampleCircuits.Component();
        Assert.DoesNotContain(circuit.With(edges: circuit.Edges.Select(edge => edge with { Weight = 0 })).SelectTop(100).Edges, edge => edge.InCircuit);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Pruning_agrees_with_dropping_dead_ends_until_nothing_changes(bool needsIncoming)
    {
        for (int seed = 0; seed < 60; seed++)
        {
            Circuit circuit = SampleCircuits.Component(layers: 3, heads: 3, parallelBlocks: seed % 2 == 0, seed, inCircuit: 4 + (seed / 2));
            IEnumerable<CircuitEdge> expected = PruneByRepetition(circuit, needsIncoming);
            Circuit pruned = circuit.Prune(needsIncoming);
            Assert.Equal(expected, pruned.Edges.Where(edge => edge.InCircuit));
            Assert.Equal(circuit.Edges.Select(edge => edge.Weight), pruned.Edges.Select(edge => edge.Weight));
        }
    }

    [Fact]
    public void Without_candidates_only_the_circuit_is_left()
    {
        Circuit circuit = SampleCircuits.Features().Select(edge => edge.Source is "embed/7" or "resid_post.5/36").Prune(needsIncoming: true).WithoutCandidates();
        Assert.Equal(["embed/7", "resid_post.5/36", "y"], circuit.Nodes.Select(node => node.Name));
        Assert.Equal(2, circuit.Edges.Count);
        Assert.Equal(3, circuit.Examples.Count);
        Assert.Equal(circuit.Nodes.Select(node => node.Name), circuit.NodesInCircuit());
    }

    [Fact]
    public void Without_an_input_the_first_place_is_the_source()
    {
        Circuit circuit = SampleCircuits.Features();
        Assert.Equal(["embed/7", "embed/error"], circuit.Nodes.Where(node => circuit.IsSource(node)).Select(node => node.Name));
        Circuit components = SampleCircuits.Component();
        Assert.Equal(["input"], components.Nodes.Where(node => components.IsSource(node)).Select(node => node.Name));
    }

    // EAP-IG's rule, word by word.
    private static List<CircuitEdge> PruneByRepetition(Circuit circuit, bool needsIncoming)
    {
        List<CircuitEdge> edges = [.. circuit.Edges.Where(edge => edge.InCircuit)];
        while (true)
        {
            List<CircuitEdge> kept = [.. edges.Where(edge =>
                (edge.Target == "logits" || edges.Exists(other => other.Source == edge.Target))
                && (!needsIncoming || edge.Source == "input" || edges.Exists(other => other.Target == edge.Source)))];
            if (kept.Count == edges.Count)
            {
                return kept;
            }

            edges = kept;
        }
    }
}
