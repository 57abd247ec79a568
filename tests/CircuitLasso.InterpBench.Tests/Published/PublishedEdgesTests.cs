using CircuitLasso.Numerics;
using CircuitLasso.Testing;

namespace CircuitLasso.InterpBench.Tests;

public sealed class PublishedEdgesTests
{
    private static readonly ComponentGraph _graph = new(2, 4, parallelBlocks: false, 6);

    [Theory]
    [InlineData("interpbench-dict")]
    [InlineData("interpbench-object")]
    public void The_circuit_of_case_3_is_read_from_pairs_of_names(string fixture)
    {
        ComponentDiscovery truth = PublishedEdges.Read(Fixture(fixture), _graph);
        string[] edges = [.. _graph.Edges.Where((_, edge) => truth.InCircuit[edge]).Select(ends => $"{_graph.Nodes[ends.Source].Name}->{_graph.Nodes[ends.Target].Name}")];
        Assert.Equal(["input->m0", "input->a1.h2", "m0->a1.h2", "a1.h2->logits"], edges);
        Assert.Equal(4, truth.Scores.Values.ToArray().Sum());
    }

    [Fact]
    public void Every_spelling_of_a_component_is_understood()
    {
        ComponentDiscovery truth = Read("[('blocks.0.attn.hook_result[:, :, 3]', 'blocks.1.hook_mlp_out'), ('blocks.0.attn.hook_z[COLON, COLON, 0]', 'blocks.0.mlp.hook_post[:]'), ['blocks.0.hook_resid_pre[None]', 'blocks.0.attn.hook_result[:,:,1,:]']]");
        string[] edges = [.. _graph.Edges.Where((_, edge) => truth.InCircuit[edge]).Select(ends => $"{_graph.Nodes[ends.Source].Name}->{_graph.Nodes[ends.Target].Name}")];
        Assert.Equal(["input->a0.h1", "a0.h0->m0", "a0.h3->m1"], edges);
    }

    [Theory]
    [InlineData("{}", "does not hold a list")]
    [InlineData("[1]", "no pair of names")]
    [InlineData("[('blocks.0.hook_resid_pre[:]',)]", "no pair of names")]
    [InlineData("[('blocks.0.hook_resid_pre[:]', None)]", "no pair of names")]
    [InlineData("[('blocks.0.hook_resid_pre[:]', 'blocks.2.hook_mlp_out[:]')]", "'blocks.2.hook_mlp_out[:]', which is no component")]
    [InlineData("[('blocks.0.hook_resid_pre[:]', 'blocks.0.attn.hook_result[:, :, 4]')]", "which is no component")]
    [InlineData("[('blocks.0.hook_resid_pre[:]', 'blocks.0.attn.hook_result[:, 1, 2]')]", "which is no component")]
    [InlineData("[('blocks.0.hook_resid_pre[:]', 'blocks.0.attn.hook_result[:]')]", "which is no component")]
    [InlineData("[('blocks.1.hook_resid_pre[:]', 'blocks.1.hook_mlp_out[:]')]", "which is no component")]
    [InlineData("[('blocks.0.hook_resid_pre[:]', 'blocks.0.hook_q_input[:, :, 1]')]", "which is no component")]
    [InlineData("[('blocks.0.mlp.hook_post[:]', 'blocks.0.attn.hook_result[:, :, 1]')]", "from m0 to a0.h1")]
    [InlineData("[('blocks.1.hook_resid_post[:]', 'blocks.0.hook_resid_pre[:]')]", "from logits to input")]
    public void What_is_no_edge_of_the_model_is_refused(string edges, string problem) =>
        Assert.Contains(problem, Assert.Throws<InputException>(() => Read(edges)).Problem, StringComparison.Ordinal);

    [Fact]
    public void Damaged_files_are_refused_or_read_but_never_fail_otherwise()
    {
        byte[] valid = File.ReadAllBytes(Fixture("interpbench-dict"));
        using TemporaryFolder folder = new();
        int refused = 0;
        for (int seed = 0; seed < 500; seed++)
        {
            Mutation.Overwrite(folder.PathOf("edges.pkl"), Mutation.Apply(valid, new Random(seed)));
            try
            {
                PublishedEdges.Read(folder.PathOf("edges.pkl"), _graph);
            }
            catch (InputException)
            {
                refused++;
            }
        }

        Assert.InRange(refused, 250, 499);
    }

    private static string Fixture(string name) =>
        Path.Combine(SharedData.RepositoryRoot, "tests", "CircuitLasso.Models.Tests", "Conversion", "fixtures", name, "edges.pkl");

    private static ComponentDiscovery Read(string edges)
    {
        using TemporaryFolder folder = new();
        Python.Run("pickle", "import ast, pickle, sys; pickle.dump(ast.literal_eval(sys.argv[2]), open(sys.argv[1], 'wb'))", folder.PathOf("edges.pkl"), edges);
        return PublishedEdges.Read(folder.PathOf("edges.pkl"), _graph);
    }
}
