namespace CircuitLasso.Tests;

public sealed class CircuitSurvivalTests
{
    [Fact]
    public void With_the_same_autoencoders_edges_survive_by_name_and_candidates_do_not_count()
    {
        Circuit circuit = Chain("resid_post.0/1", "resid_post.1/2");
        Assert.Equal(new CircuitSurvival(2, 2, 2, 2), CircuitSurvival.Compare(circuit, circuit));
        Assert.Equal(new CircuitSurvival(2, 1, 2, 1), CircuitSurvival.Compare(circuit, Chain("resid_post.0/7", "resid_post.1/2")));
        Assert.Equal(new CircuitSurvival(2, 0, 2, 0), CircuitSurvival.Compare(circuit, circuit.Select(_ => false)));
    }

    [Theory]
    [InlineData(0.8, 2)]
    [InlineData(0.7001, 2)]
    [InlineData(0.69, 1)]
    [InlineData(-0.9, 1)]
    public void With_other_autoencoders_a_feature_matches_where_the_cosine_of_directions_is_large_enough(double cosine, int edges)
    {
        Circuit circuit = Chain("resid_post.0/1", "resid_post.1/2"), other = Chain("resid_post.0/5", "resid_post.1/6");
        float[] parent = [2, 0], child = [0, 3], turned = [(float)cosine, (float)Math.Sqrt(1 - (cosine * cosine))];
        CircuitSurvival survival = CircuitSurvival.Compare(
            circuit, other, (name => name.Site == "resid_post.0" ? parent : child, name => name.Site == "resid_post.0" ? turned : child));
        Assert.Equal(new CircuitSurvival(2, edges, 2, edges), survival);
    }

    [Fact]
    public void Of_features_and_edges_it_is_said_which_they_match_the_closest_first()
    {
        Circuit circuit = Chain("resid_post.0/1", "resid_post.1/2");
        Circuit other = new(
            [new CircuitNode("resid_post.0/5", CircuitNodeKind.Feature, 0), new CircuitNode("resid_post.0/6", CircuitNodeKind.Feature, 0), new CircuitNode("resid_post.1/7", CircuitNodeKind.Feature, 1), new CircuitNode("y", CircuitNodeKind.Target, 2)],
            [new CircuitEdge("resid_post.0/5", "resid_post.1/7", 0.5), new CircuitEdge("resid_post.0/6", "resid_post.1/7", -3), new CircuitEdge("resid_post.1/7", "y", 1)]);
        CircuitMatch match = CircuitMatch.Of(circuit, other, (_ => [1, 0], name => name.Feature == 6 ? [0.8f, 0.6f] : [1, 0]));
        Assert.Equal(["resid_post.0/1", "resid_post.1/2"], match.Nodes);
        Assert.Equal(["resid_post.0/5", "resid_post.0/6"], match.Matches["resid_post.0/1"]);
        Assert.Equal([("resid_post.0/1", "resid_post.0/6"), ("resid_post.1/2", "resid_post.1/7")], match.SurvivingEdges.Select(pair => (pair.Edge.Source, pair.Other.Source)));
        Assert.Equal(new CircuitSurvival(2, 2, 2, 2), match.Survival);
    }

    [Fact]
    public void Of_components_heads_and_mlps_are_counted()
    {
        Circuit circuit = SampleCircuits.Component();
        int counted = circuit.NodesInCircuit().Count(name => circuit[name].Kind is CircuitNodeKind.AttentionHead or CircuitNodeKind.Mlp);
        Assert.True(counted > 2);
        Assert.Equal(new CircuitSurvival(counted, counted, 12, 12), CircuitSurvival.Compare(circuit, circuit));
        CircuitSurvival less = CircuitSurvival.Compare(circuit, circuit.SelectTop(5));
        Assert.Equal((12, 5), (less.Edges, less.SurvivingEdges));
    }

    [Fact]
    public void Features_of_other_sites_and_of_unknown_direction_match_nothing()
    {
        Circuit circuit = Chain("resid_post.0/1", "resid_post.1/2");
        Assert.Equal(0, CircuitSurvival.Compare(circuit, circuit, (_ => null, _ => [1, 0])).SurvivingFeatures);
        Assert.Equal(0, CircuitSurvival.Compare(circuit, Chain("resid_pre.0/1", "resid_pre.1/2"), (_ => [1, 0], _ => [1, 0])).SurvivingFeatures);
    }

    [Fact]
    public void Features_at_positions_match_at_the_same_position_alone()
    {
        Circuit circuit = Chain("resid_post.0/1@2", "resid_post.1/2@3");
        Assert.Equal(new CircuitSurvival(2, 1, 2, 1), CircuitSurvival.Compare(circuit, Chain("resid_post.0/1@1", "resid_post.1/2@3")));
        (Func<FeatureNodeName, float[]?>, Func<FeatureNodeName, float[]?>) same = (_ => [1, 0], _ => [1, 0]);
        Assert.Equal(new CircuitSurvival(2, 2, 2, 2), CircuitSurvival.Compare(circuit, Chain("resid_post.0/5@2", "resid_post.1/6@3"), same));
        Assert.Equal(new CircuitSurvival(2, 1, 2, 1), CircuitSurvival.Compare(circuit, Chain("resid_post.0/5@1", "resid_post.1/6@3"), same));
        Assert.Equal(0, CircuitSurvival.Compare(circuit, Chain("resid_post.0/1", "resid_post.1/2"), same).SurvivingFeatures);
    }

    private static Circuit Chain(string first, string second) => new(
        [new CircuitNode(first, CircuitNodeKind.Feature, 0), new CircuitNode(second, CircuitNodeKind.Feature, 1), new CircuitNode("y", CircuitNodeKind.Target, 2)],
        [new CircuitEdge(first, second, 1) { InCircuit = true }, new CircuitEdge(second, "y", 1) { InCircuit = true }]);
}
