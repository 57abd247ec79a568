using CircuitLasso.Models;
using CircuitLasso.Regression;
using CircuitLasso.Tensors;

namespace CircuitLasso.Tests;

public sealed class LassoPaperTests
{
    [Theory]
    [InlineData(NormalizationKind.None, 4, 4)]
    [InlineData(NormalizationKind.LayerWithoutParameters, 3, 5)]
    public void The_circuit_at_every_lambda_is_the_non_zero_blocks_of_regressions_on_hooked_values(NormalizationKind norm, int shortest, int longest)
    {
        using TransformerModel model = RegressionToy.Model(norm, causal: true);
        DiscoveryTask task = RegressionToy.Task(30, [shortest, longest], lastOnly: false);
        ComponentDiscovery found = new LassoPaperDiscovery().Discover(model, task, new DiscoveryOptions());
        ComponentGraph graph = model.Components();
        float[][] rows = HookedRows(model, [.. task.Clean, .. task.Corrupt]);
        Assert.Equal(rows.Length, found.Diagnostics["rows"]);
        Assert.Equal(0, found.Diagnostics["missed"]);
        using GramAccumulator products = new(rows[0].Length);
        foreach (float[] row in rows)
        {
            products.Add(row);
        }

        using GramStatistics statistics = products.Finish();
        BlockOrder order = new(graph.Nodes.Select((node, index) => new RegressionBlock(
            node.Name, index * 6, index == graph.Nodes.Count - 1 ? 3 : 6, node.Place, index == graph.Nodes.Count - 1 ? BlockRole.TargetOnly : BlockRole.SourceAndTarget)));
        using BlockProblem problem = new(statistics, order, standardize: false);
        Assert.Equal(problem.MaximumLambda(), found.Diagnostics["largest_lambda"], 1e-4 * problem.MaximumLambda());
        bool[] entered = new bool[graph.EdgeCount];
        int circuits = 0;
        foreach (double share in LassoPaperDiscovery.Path.Shares())
        {
            LassoSolution solution = new CoordinateDescentSolver().Solve(problem, new L1Penalty(share * problem.MaximumLambda()), LassoPaperDiscovery.Path.Solver);
            double[,] norms = order.BlockNorms(solution.Coefficients);
            foreach ((int source, int target) in graph.Edges)
            {
                entered[graph.EdgeIndex(source, target)] |= norms[source, target] > 0;
            }

            // Two solves within their gaps may differ in a coefficient that is nearly zero.
            bool[] scored = EdgeSelection.AtLeast(found.Scores, share * (1 - 1e-9));
            Assert.InRange(scored.Zip(entered).Count(pair => pair.First != pair.Second), 0, 1);
            circuits += scored.Contains(true) && scored.Contains(false) ? 1 : 0;
        }

        Assert.InRange(circuits, 5, 49);
        Assert.Equal(EdgeSelection.Prune(graph, EdgeSelection.AtLeast(found.Scores, 0.1 * (1 - 1e-9))), found.InCircuit);
    }

    [Fact]
    public void The_default_lambda_is_one_of_the_path() =>
        Assert.Contains(LassoPaperDiscovery.Path.Shares(), share => Math.Abs(share - LassoPaperDiscovery.LambdaShare) < 1e-12);

    // One row per text and position: embedding, each head, each MLP, logits.
    private static float[][] HookedRows(TransformerModel model, int[][] texts)
    {
        using IDisposable mode = GradientMode.Disable();
        List<float[]> rows = [];
        foreach (int[] text in texts)
        {
            List<float[][]> columns = [];
            ForwardHooks hooks = new();
            foreach (Site site in model.Sites.Where(site => site.Kind is SiteKind.Embedding or SiteKind.AttentionHead or SiteKind.MlpOutput or SiteKind.Logits))
            {
                hooks.Add(site, (_, value) =>
                {
                    columns.Add([.. value.ToArray().Chunk((int)value.Length / text.Length)]);
                    return null;
                });
            }

            using TensorScope scope = new();
            model.Forward(new TokenBatch([text]), hooks);
            rows.AddRange(Enumerable.Range(0, text.Length).Select(position => columns.SelectMany(column => column[position]).ToArray()));
        }

        return [.. rows];
    }
}
