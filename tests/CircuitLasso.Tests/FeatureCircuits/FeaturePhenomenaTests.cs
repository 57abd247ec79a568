namespace CircuitLasso.Tests;

public sealed class FeaturePhenomenaTests
{
    // A concept along axis 0 persists (0/1, 1/1, 2/1, 3/1); 2/5 joins axes 1 and 2; 1/3 (axis 2) is read by 2/5 only, which is another concept; 1/7 -> 2/7 share no direction.
    private static readonly Dictionary<string, float[]> _directions = new()
    {
        ["resid_post.0/1"] = [1, 0, 0, 0],
        ["resid_post.1/1"] = [3, 0.1f, 0, 0],
        ["resid_post.2/1"] = [0.5f, 0.1f, 0, 0],
        ["resid_post.3/1"] = [1, 0.3f, 0, 0],
        ["resid_post.1/2"] = [0, 1, 0, 0],
        ["resid_post.1/3"] = [0, 0, 1, 0],
        ["resid_post.1/4"] = [0, 0.99f, 0.1f, 0],
        ["resid_post.2/5"] = [0, 0.8f, 0.55f, 0],
        ["resid_post.1/7"] = [0, 0, 0, 1],
        ["resid_post.2/7"] = [0, 0, 0.05f, 0],
        ["resid_post.3/8"] = [0.2f, 0, 0.9f, 0.1f],
    };

    [Fact]
    public void Each_rule_finds_what_was_put_there_and_nothing_else()
    {
        FeaturePhenomena found = Find();
        FeatureChain chain = Assert.Single(found.Chains);
        Assert.Equal(["resid_post.0/1", "resid_post.1/1", "resid_post.2/1", "resid_post.3/1"], chain.Nodes);
        Assert.Equal(3, chain.Cosines.Count);
        Assert.Equal(3 / Math.Sqrt(9.01), chain.Cosines[0], 1e-6);
        FeatureMerge merge = Assert.Single(found.Merges);
        Assert.Equal("resid_post.2/5", merge.Node);

        // 1/4 is as strong as the others, and of the concept of 1/2, which is stronger.
        Assert.Equal(["resid_post.1/2", "resid_post.1/3"], merge.Parents);
        Assert.Equal(["resid_post.1/3", "resid_post.1/7", "resid_post.2/5"], found.Drops.Select(drop => drop.Node));
        Assert.Equal(["resid_post.2/5"], found.Drops[0].Readers);
        SpuriousFeaturePair pair = Assert.Single(found.SpuriousPairs);
        Assert.Equal(("resid_post.1/7", "resid_post.2/7"), (pair.Source, pair.Target));
        Assert.Null(pair.Effect);
    }

    [Fact]
    public void A_pair_with_a_measured_effect_is_not_spurious_and_one_without_says_so()
    {
        Assert.Empty(FeaturePhenomena.Find(Circuit(), Direction, null, _ => 0.4).SpuriousPairs);
        Assert.Equal(0.01, Assert.Single(FeaturePhenomena.Find(Circuit(), Direction, null, _ => 0.01).SpuriousPairs).Effect);
    }

    [Fact]
    public void Effects_are_those_that_the_circuits_edges_say_and_only_pairs_that_may_be_spurious_are_worth_measuring()
    {
        CircuitEdge candidate = Assert.Single(FeaturePhenomena.SpuriousCandidates(Circuit(), Direction));
        Assert.Equal(("resid_post.1/7", "resid_post.2/7"), (candidate.Source, candidate.Target));
        Circuit Measured(double share) => Circuit().WithEffects(new Dictionary<(string, string), AblationEffect> { [(candidate.Source, candidate.Target)] = new(share, 12) });
        Assert.Empty(FeaturePhenomena.Find(Measured(-0.3), Direction).SpuriousPairs);
        Assert.Equal(0.02, Assert.Single(FeaturePhenomena.Find(Measured(0.02), Direction).SpuriousPairs).Effect);
        Assert.Equal(candidate, Assert.Single(FeaturePhenomena.SpuriousCandidates(Measured(-0.3), Direction)) with { Effect = null });
    }

    [Fact]
    public void Weak_edges_unexplained_children_and_unknown_directions_say_nothing()
    {
        FeaturePhenomena unknown = FeaturePhenomena.Find(Circuit(), _ => null);
        Assert.Empty(unknown.Chains);
        Assert.Empty(unknown.Merges);
        Assert.Empty(unknown.Drops);
        Assert.Empty(unknown.SpuriousPairs);
        FeaturePhenomena strict = Find(new FeaturePhenomenaOptions { MinimumExplained = 0.95 });
        Assert.Empty(strict.Chains);
        Assert.Empty(strict.SpuriousPairs);
        Assert.Empty(Find(new FeaturePhenomenaOptions { StrongShare = 0.95 }).Merges);
        Assert.Throws<ArgumentException>(() => FeaturePhenomena.Find(Circuit(), name => [.. Enumerable.Repeat(1f, 1 + name.Feature!.Value)]));
        Assert.Throws<ArgumentException>(() => FeaturePhenomena.Find(Circuit(), _ => [float.NaN]));
    }

    private static FeaturePhenomena Find(FeaturePhenomenaOptions? options = null) => FeaturePhenomena.Find(Circuit(), Direction, options);

    private static float[]? Direction(FeatureNodeName name) => _directions[name.ToString()];

    private static Circuit Circuit() => new(
        _directions.Keys.Select(name => new CircuitNode(name, CircuitNodeKind.Feature, name["resid_post.".Length] - '0') { Explained = 0.9 })
            .Append(new CircuitNode("resid_post.1/error", CircuitNodeKind.Error, 1)).Append(new CircuitNode("y", CircuitNodeKind.Target, 4)),
        [
            new("resid_post.0/1", "resid_post.1/1", 1),
            new("resid_post.1/1", "resid_post.2/1", 0.9),
            new("resid_post.1/2", "resid_post.2/1", 0.1),
            new("resid_post.2/1", "resid_post.3/1", 1.1),
            new("resid_post.1/2", "resid_post.2/5", 0.8),
            new("resid_post.1/3", "resid_post.2/5", -0.7),
            new("resid_post.1/4", "resid_post.2/5", 0.6),
            new("resid_post.1/error", "resid_post.2/5", 9),
            new("resid_post.1/7", "resid_post.2/7", 0.5),
            new("resid_post.2/7", "resid_post.3/8", 0.4),
            new("resid_post.2/5", "resid_post.3/8", 0.01),
            new("resid_post.3/1", "y", 2),
            new("resid_post.3/8", "y", 2),
            new("resid_post.0/1", "resid_post.2/7", 3) { InCircuit = false },
        ]);
}
