namespace CircuitLasso.Tests;

public sealed class EdgeSelectionTests
{
    // input, a0.h0, m0, logits: input->a, input->m, a->m, input->logits, a->logits, m->logits.
    private static readonly ComponentGraph _graph = new(1, 1, parallelBlocks: false, 4);

    [Fact]
    public void Threshold_takes_absolute_scores_that_reach_it()
    {
        EdgeScores scores = new(_graph, [1, -2, 0, 0.5, 2, -0.25]);
        Assert.Equal([true, true, false, false, true, false], EdgeSelection.AtLeast(scores, 1));
        Assert.Equal([true, true, false, true, true, true], EdgeSelection.AtLeast(scores, 0));
        Assert.Equal([true, true, false, false, true, false], EdgeSelection.AtLeastShareOfLargest(scores, 0.5));
        Assert.All(EdgeSelection.AtLeastShareOfLargest(new EdgeScores(_graph, new double[6]), 0.2), Assert.False);
    }

    [Theory]
    [InlineData(0, "000000")]
    [InlineData(1, "010000")]
    [InlineData(2, "010010")]
    [InlineData(3, "110010")]
    [InlineData(99, "110111")]
    public void Top_takes_the_largest_absolute_scores_the_first_of_equals_and_never_a_zero(int count, string expected) =>
        Assert.Equal(expected, Text(EdgeSelection.Top(new EdgeScores(_graph, [1, -2, 0, 0.5, 2, -0.25]), count)));

    // From logits: m->logits (3); then of {input->logits 1, a->logits 2, input->m .5, a->m 4}: a->m (4), which admits a: input->a (9); then a->logits; ...
    [Theory]
    [InlineData(1, "000001")]
    [InlineData(2, "001001")]
    [InlineData(3, "101001")]
    [InlineData(4, "101011")]
    [InlineData(5, "101111")]
    [InlineData(6, "111111")]
    public void Greedy_grows_from_the_logits_over_admitted_nodes_only(int count, string expected) =>
        Assert.Equal(expected, Text(EdgeSelection.Greedy(new EdgeScores(_graph, [9, 0.5, -4, 1, 2, -3]), count)));

    // By falling score: input->a (9), a->m (4), m->logits (3): the first path; a->logits (2); input->logits (1); input->m never, with its score of 0.
    [Fact]
    public void Growing_circuits_are_the_pruned_tops_that_differ()
    {
        EdgeScores scores = new(_graph, [9, 0, -4, 1, 2, -3]);
        IReadOnlyList<bool[]> growing = EdgeSelection.GrowingCircuits(scores);
        Assert.Equal(["101001", "101011", "101111"], growing.Select(Text));
        Assert.Equal(growing.Select(Text), new[] { 3, 4, 5 }.Select(count => Text(EdgeSelection.Prune(_graph, EdgeSelection.Top(scores, count)))));
        Assert.Empty(EdgeSelection.GrowingCircuits(new EdgeScores(_graph, [9, 0, 4, 0, 0, 0])));
    }

    [Theory]
    [InlineData("000000", "000000")]
    [InlineData("000100", "000100")]
    [InlineData("100000", "000000")] // nothing reads a
    [InlineData("001001", "000000")] // nothing feeds a
    [InlineData("101001", "101001")]
    [InlineData("110010", "100010")] // m reaches nothing
    [InlineData("011001", "010001")] // a is fed by nothing
    [InlineData("111111", "111111")]
    public void Pruning_leaves_the_edges_on_paths_from_input_to_logits(string before, string after)
    {
        bool[] pruned = EdgeSelection.Prune(_graph, [.. before.Select(c => c == '1')]);
        Assert.Equal(after, Text(pruned));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void Pruning_agrees_with_dropping_dangling_nodes_until_none_is_left(int seed)
    {
        ComponentGraph graph = new(3, 2, seed == 2, 8);
        (int Source, int Target)[] edges = [.. graph.Edges];
        Random random = new(seed);
        bool[] inCircuit = [.. edges.Select(_ => random.NextDouble() < 0.25)];
        bool[] expected = [.. inCircuit];
        for (bool isStable = false; !isStable;)
        {
            isStable = true;
            for (int node = 0; node < graph.Nodes.Count; node++)
            {
                bool hasIncoming = node == 0 || edges.Where((edge, i) => expected[i] && edge.Target == node).Any();
                bool hasOutgoing = node == graph.Nodes.Count - 1 || edges.Where((edge, i) => expected[i] && edge.Source == node).Any();
                for (int i = 0; i < edges.Length; i++)
                {
                    if (expected[i] && (!hasIncoming || !hasOutgoing) && (edges[i].Source == node || edges[i].Target == node))
                    {
                        expected[i] = false;
                        isStable = false;
                    }
                }
            }
        }

        Assert.Equal(expected, EdgeSelection.Prune(graph, inCircuit));
    }

    private static string Text(bool[] chosen) => string.Concat(chosen.Select(value => value ? '1' : '0'));
}
