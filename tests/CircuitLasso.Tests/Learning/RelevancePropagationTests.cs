using CircuitLasso.Regression;

namespace CircuitLasso.Tests;

public sealed class RelevancePropagationTests
{
    [Theory]
    [InlineData(new[] { 1, 1, 1 }, 1, 0.05)]
    [InlineData(new[] { 1, 1, 1 }, 3, 0.3)]
    [InlineData(new[] { 3, 2, 4, 1 }, 1, 0.02)]
    [InlineData(new[] { 3, 2, 4, 1 }, 2, 0.2)]
    [InlineData(new[] { 2, 5, 3, 3, 2 }, 4, 0.1)]
    [InlineData(new[] { 2, 5, 3, 3, 2 }, 1, 0.9)]
    [InlineData(new[] { 4, 1 }, 2, 1.0)]
    public void Every_relevance_and_weight_equals_that_of_explicit_rows(int[] widths, int outputs, double lambdaShare)
    {
        foreach (bool sharedPlaces in (bool[])[false, true])
        {
            BlockOrder order = Order(widths, sharedPlaces);
            Gaussian random = new(widths.Sum() + outputs);
            double[,] rows = Mix(random.Matrix(60, order.Columns), random.Matrix(order.Columns, order.Columns));
            using GramStatistics statistics = Statistics(rows);
            SparseColumns coefficients = Fit(statistics, order, lambdaShare);
            double[] readoutValues = [.. Enumerable.Range(0, order.Columns * outputs).Select(i => i % 3 == 1 ? 0 : random.Next())];
            Readout readout = new(outputs, readoutValues, Variation: 300 * order.Columns, Unexplained: 40);

            RelevanceResult found = RelevancePropagation.Compute(statistics, order, coefficients, readout);

            RowRelevance twin = new(rows, order, coefficients, readout);
            Assert.Equal(1 - (readout.Unexplained / readout.Variation), found.TargetExplained, 1e-12);
            for (int v = 0; v < widths.Length; v++)
            {
                Assert.Equal(twin.Node(v), found.Blocks[v].Relevance, 1e-9);
                Assert.Equal(twin.Explained(v).HasValue, found.Blocks[v].Explained.HasValue);
                Assert.Equal(Math.Clamp(twin.Explained(v) ?? 0, 0, 1), found.Blocks[v].Explained ?? 0, 1e-9);
                EdgeRelevance[] into = [.. found.Edges.Where(edge => edge.Target == v)];
                Assert.Equal(twin.Sources(v), into.Select(edge => edge.Source));
                Assert.All(into, edge => Assert.Equal(twin.Weight(edge.Source, v), edge.Weight, 1e-9));
                Assert.All(into, edge => Assert.Equal(twin.Norm(edge.Source, v), edge.Norm, 1e-9));

                // Whatever is not carried by a source is what none explains: together they are the block's relevance.
                Assert.Equal(into.Length > 0 ? twin.Node(v) : 0, into.Sum(edge => edge.Weight) + (into.Length > 0 ? twin.Rest(v) : 0), 1e-9);
            }

            Assert.All(found.TargetEdges, edge => Assert.Equal(twin.TargetWeight(edge.Source), edge.Weight, 1e-9));
            Assert.All(found.TargetEdges, edge => Assert.Equal(-1, edge.Target));
            Assert.InRange(found.TargetEdges.Sum(edge => edge.Weight), 0, 1);
        }
    }

    // By hand: x1 = (1,-1,1,-1), x2 = 2 x1 + (1,1,-1,-1), y = 3 x2 + 2 (1,-1,-1,1). The three patterns are orthogonal and have mean 0.
    // Lasso at lambda 4: A[1,2] = (x1'x2 - lambda / 2) / x1'x1 = (8 - 2) / 4 = 1.5. V(y) = 9 * 20 + 16 = 196.
    [Fact]
    public void A_chain_of_three_has_the_weights_worked_out_by_hand()
    {
        double[,] rows = { { 1, 3 }, { -1, -1 }, { 1, 1 }, { -1, -3 } };
        BlockOrder order = Order([1, 1], sharedPlaces: false);
        using GramStatistics statistics = Statistics(rows);
        using BlockProblem problem = new(statistics, order);
        LassoSolution solution = new CoordinateDescentSolver().Solve(problem, new L1Penalty(4), new SolverOptions { Tolerance = 1e-14 }, cancellationToken: TestContext.Current.CancellationToken);
        Assert.Equal(1.5, solution.Coefficients[0, 1], 1e-12);

        RelevanceResult found = RelevancePropagation.Compute(statistics, order, solution.Coefficients, new Readout(1, [0, 3], Variation: 196, Unexplained: 16));

        // Into y: x2 carries 9 * 20 = 180 beside 16 unexplained.
        EdgeRelevance intoTarget = Assert.Single(found.TargetEdges);
        Assert.Equal(180.0 / 196, intoTarget.Weight, 1e-12);
        Assert.Equal(3, intoTarget.Norm, 1e-12);
        Assert.Equal(180.0 / 196, found.Blocks[1].Relevance, 1e-12);

        // Into x2: x1 carries (1.5 * 3)^2 * 4 = 81; (x2 - 1.5 x1) * 3 leaves 9 * (0.25 * 4 + 4) = 45.
        EdgeRelevance edge = Assert.Single(found.Edges);
        Assert.Equal((0, 1), (edge.Source, edge.Target));
        Assert.Equal(81.0 / 126 * 180 / 196, edge.Weight, 1e-12);
        Assert.Equal(1 - (45.0 / 180), found.Blocks[1].Explained!.Value, 1e-12);
        Assert.Equal(81.0 / 196, found.Blocks[0].Relevance, 1e-12);
        Assert.Null(found.Blocks[0].Explained);
        Assert.Equal(180.0 / 196, found.TargetExplained, 1e-12);
    }

    [Fact]
    public void A_block_that_cannot_reach_the_target_has_no_relevance_and_its_edges_no_weight()
    {
        Gaussian random = new(5);
        BlockOrder order = Order([2, 2, 2], sharedPlaces: false);
        double[,] rows = Mix(random.Matrix(50, 6), random.Matrix(6, 6));
        using GramStatistics statistics = Statistics(rows);

        // The target reads the middle block only, so the last one, which reads both, leads nowhere.
        RelevanceResult found = RelevancePropagation.Compute(
            statistics, order, Fit(statistics, order, 0.01), new Readout(1, [0, 0, 1, -2, 0, 0], Variation: 1000, Unexplained: 1));

        Assert.Equal(0, found.Blocks[2].Relevance);
        Assert.Null(found.Blocks[2].Explained);
        Assert.Contains(found.Edges, edge => edge.Target == 2);
        Assert.All(found.Edges.Where(edge => edge.Target == 2), edge => Assert.Equal(0, edge.Weight));
        Assert.True(found.Blocks[0].Relevance > 0);
    }

    [Fact]
    public void A_target_without_variation_gives_no_block_relevance()
    {
        Gaussian random = new(6);
        BlockOrder order = Order([2, 2], sharedPlaces: false);
        double[,] rows = random.Matrix(30, 4);
        using GramStatistics statistics = Statistics(rows);
        RelevanceResult found = RelevancePropagation.Compute(statistics, order, Fit(statistics, order, 0.1), new Readout(1, new double[4], 0, 0));
        Assert.All(found.Blocks, block => Assert.Equal(0, block.Relevance));
        Assert.All(found.Edges, edge => Assert.Equal(0, edge.Weight));
        Assert.Empty(found.TargetEdges);
        Assert.Equal(0, found.TargetExplained);
    }

    private static BlockOrder Order(int[] widths, bool sharedPlaces) =>
        new(widths.Select((width, i) => new RegressionBlock($"b{i}", widths.Take(i).Sum(), width, sharedPlaces ? (i + 1) / 2 : i)));

    private static SparseColumns Fit(GramStatistics statistics, BlockOrder order, double lambdaShare)
    {
        using BlockProblem problem = new(statistics, order);
        double largest = problem.MaximumLambda();
        return new CoordinateDescentSolver().Solve(problem, new L1Penalty(largest > 0 ? largest * lambdaShare : 1), new SolverOptions(), cancellationToken: TestContext.Current.CancellationToken).Coefficients;
    }

    private static GramStatistics Statistics(double[,] rows)
    {
        using GramAccumulator accumulator = new(rows.GetLength(1));
        accumulator.Add(rows.Cast<double>().ToArray());
        return accumulator.Finish();
    }

    private static double[,] Mix(double[,] rows, double[,] mixing)
    {
        double[,] mixed = new double[rows.GetLength(0), mixing.GetLength(1)];
        for (int i = 0; i < mixed.GetLength(0); i++)
        {
            for (int j = 0; j < mixed.GetLength(1); j++)
            {
                mixed[i, j] = 1 + Enumerable.Range(0, rows.GetLength(1)).Sum(k => rows[i, k] * mixing[k, j]);
            }
        }

        return mixed;
    }
}
