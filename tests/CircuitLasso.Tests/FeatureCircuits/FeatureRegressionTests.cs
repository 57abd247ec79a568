using CircuitLasso.Numerics;
using CircuitLasso.Regression;
using CircuitLasso.Testing;

namespace CircuitLasso.Tests;

[Collection(ThreadCount.Collection)]
public sealed class FeatureRegressionTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData(FeatureSources.Adjacent, Pooling.Mean, 3.0)]
    [InlineData(FeatureSources.Adjacent, Pooling.Mean, null)]
    [InlineData(FeatureSources.All, Pooling.Mean, null)]
    [InlineData(FeatureSources.Adjacent, Pooling.None, null)]
    public void Coefficients_are_those_of_the_float64_Lasso_on_the_rows_features_and_errors_alike(FeatureSources sources, Pooling pooling, double? lambda)
    {
        FeatureRows rows = new(3, texts: 300, features: 14, error: 4, pooling: pooling);
        AddError(rows);
        using ActivationStoreReader store = rows.Write(_folder.PathOf("store"));
        const double Ratio = 0.01;
        FeatureCircuitResult result = FeatureCircuitLearner.Learn(
            store, StoreTarget.Read(store, "score"), new() { Sources = sources, Lambda = lambda, LambdaRatio = lambda is null ? Ratio : null, MinimumRelevance = 0, Tolerance = 1e-11 }, cancellation: TestContext.Current.CancellationToken);
        Assert.Equal(0, result.Missed);
        string[] y = [.. sources == FeatureSources.All ? Enumerable.Range(0, 3).Select(FeatureRows.Name) : [FeatureRows.Name(2)]];
        AssertRegression(rows, result, y, "logits", [.. rows.Score.Select(value => (double)value)], result.Circuit.Metrics["target_lambda"]);
        int checkedFeatures = 0;
        foreach (CircuitNode node in result.Circuit.Nodes.Where(node => node.Explained is not null && node.Kind == CircuitNodeKind.Feature))
        {
            FeatureNodeName name = FeatureNodeName.Parse(node.Name);
            string[] parents = [.. Enumerable.Range(0, node.Place).Where(place => sources == FeatureSources.All || place == node.Place - 1).Select(FeatureRows.Name)];
            double[] target = Column(rows, name.Site, name.Feature!.Value);
            double loss = AssertRegression(rows, result, parents, node.Name, target, lambda ?? (Ratio * MaximumLambda(rows, parents, target))), mean = target.Average();
            Assert.Equal(1 - (loss / target.Sum(value => (value - mean) * (value - mean))), node.Explained!.Value, 1e-8);
            checkedFeatures++;
        }

        Assert.True(checkedFeatures > (lambda is null ? 5 : 1));
        Assert.NotEmpty(result.Circuit.Coefficients);
        Assert.All(result.Circuit.Edges, edge => Assert.Null(edge.Target == "logits" && lambda is not null ? null : edge.EntersAtLambda));
    }

    [Theory]
    [InlineData(2)]
    [InlineData(3)]
    public void Classes_have_the_coefficients_of_the_solver_of_dense_designs(int classes)
    {
        FeatureRows rows = new(4, texts: 300, features: 14, classes: classes);
        using ActivationStoreReader store = rows.Write(_folder.PathOf("store"));
        FeatureCircuitResult result = FeatureCircuitLearner.Learn(store, StoreTarget.Read(store, "label"), new() { MinimumRelevance = 0, Tolerance = 1e-10 }, cancellation: TestContext.Current.CancellationToken);
        Assert.Equal(0, result.Missed);
        (string Node, double[] Values)[] columns = Columns(rows, [FeatureRows.Name(2)]);
        int count = rows.Rows.Length;
        double[] design = [.. Enumerable.Range(0, count).SelectMany(row => columns.Select(column => column.Values[row]))];
        using DenseDesign dense = DenseDesign.FromRows(design, columns.Length);
        int[] labels = [.. rows.Rows.Select(row => row.Label)];
        IClassificationLoss loss = classes == 2 ? new LogisticLoss(labels) : new MultinomialLoss(labels, classes);
        ClassificationSolution expected = ProximalNewtonSolver.Solve(dense, loss, new L1Penalty(result.Circuit.Metrics["target_lambda"]), new SolverOptions { Tolerance = 1e-11 });
        for (int j = 0; j < columns.Length - 5; j++)
        {
            double[] weights = [.. Enumerable.Range(0, classes == 2 ? 1 : classes).Select(c => expected.Coefficients[j, c])];
            double norm = Math.Sqrt(weights.Sum(weight => weight * weight));
            CircuitEdge? edge = result.Circuit.Edge(columns[j].Node, "y");
            Assert.Equal(norm, edge?.Norm ?? 0, 1e-5);
            Assert.Equal(classes == 2 ? weights[0] : norm, edge?.Weight ?? 0, 1e-5);
            for (int c = 0; classes > 2 && c < classes; c++)
            {
                Assert.Equal(weights[c], result.Circuit.Coefficients.SingleOrDefault(coefficient => coefficient.Source == columns[j].Node && coefficient.Output == c)?.Value ?? 0, 1e-5);
            }
        }
    }

    [Theory]
    [InlineData(2)]
    [InlineData(3)]
    public void The_file_holds_a_coefficient_for_each_coordinate_of_an_error_and_each_class_and_their_length_is_the_edges_norm(int classes)
    {
        FeatureRows rows = new(4, texts: 300, features: 14, classes: classes);
        AddError(rows);
        using ActivationStoreReader store = rows.Write(_folder.PathOf("store"));
        foreach (FeatureCircuitResult result in (FeatureCircuitResult[])
            [
                FeatureCircuitLearner.Learn(store, StoreTarget.Read(store, "label"), new() { MinimumRelevance = 0, LambdaRatio = 0.05 }, cancellation: TestContext.Current.CancellationToken),
                FeatureCircuitLearner.LearnAll(store, new() { LambdaRatio = 0.1 }, cancellation: TestContext.Current.CancellationToken),
            ])
        {
            CircuitFile.Write(result.Circuit, _folder.PathOf("a.circuit"));
            Circuit circuit = CircuitFile.Read(_folder.PathOf("a.circuit"));
            ILookup<(string, string), EdgeCoefficient> coefficients = circuit.Coefficients.ToLookup(coefficient => (coefficient.Source, coefficient.Target));
            Assert.Contains(circuit.Edges, edge => circuit[edge.Source].Kind == CircuitNodeKind.Error);
            foreach (CircuitEdge edge in circuit.Edges)
            {
                EdgeCoefficient[] own = [.. coefficients[(edge.Source, edge.Target)]];
                Assert.Equal(circuit[edge.Source].Kind == CircuitNodeKind.Error || (edge.Target == "y" && classes > 2), own.Length > 0);
                Assert.All(own, coefficient => Assert.InRange(coefficient.Coordinate, 0, 4));
                if (own.Length > 0)
                {
                    Assert.Equal(edge.Norm!.Value, Math.Sqrt(own.Sum(coefficient => coefficient.Value * coefficient.Value)), 1e-12);
                }
            }

            Assert.Equal(circuit.WithoutCandidates().Edges.Select(edge => (edge.Source, edge.Target)).Intersect(coefficients.Select(group => group.Key)).Count(), circuit.WithoutCandidates().Coefficients.DistinctBy(coefficient => (coefficient.Source, coefficient.Target)).Count());
        }
    }

    [Fact]
    public void Relevance_is_the_share_of_the_targets_variation_that_goes_along_with_what_a_node_gives_it()
    {
        FeatureRows rows = new(5, texts: 300, features: 14);
        using ActivationStoreReader store = rows.Write(_folder.PathOf("store"));
        Circuit circuit = FeatureCircuitLearner.Learn(store, StoreTarget.Read(store, "score"), new() { MinimumRelevance = 0 }, cancellation: TestContext.Current.CancellationToken).Circuit;
        double[] score = [.. rows.Score.Select(value => (double)value)];
        foreach (CircuitNode node in circuit.Nodes.Where(node => node.Kind == CircuitNodeKind.Feature))
        {
            FeatureNodeName name = FeatureNodeName.Parse(node.Name);
            double map = Map(circuit, node.Name);
            Assert.Equal(Math.Min(1, Math.Abs(map * Covariation(Column(rows, name.Site, name.Feature!.Value), score)) / Covariation(score, score)), node.Relevance, 1e-9);
        }

        Assert.Equal(1, circuit.Target.Relevance);
    }

    [Fact]
    public void A_rows_circuit_holds_coefficients_times_activations_and_nothing_that_is_silent_there()
    {
        FeatureRows rows = new(6, texts: 400, features: 20);
        AddError(rows);
        using ActivationStoreReader store = rows.Write(_folder.PathOf("store"));
        int row = Enumerable.Range(0, rows.Rows.Length).First(i => rows.Values(FeatureRows.Name(1))[i, 11] > 0 && rows.Values(FeatureRows.Name(0))[i, 8] == 0);
        FeatureCircuitResult result = FeatureCircuitLearner.Learn(store, FeatureNodeName.Parse("resid_post.1/11"), new() { PromptRow = row }, cancellation: TestContext.Current.CancellationToken);
        CircuitEdge[] expected = [.. result.Circuit.Edges.Where(edge => edge.InCircuit && Carried(rows, result, edge, row) != 0)];
        Assert.Equal(expected.Select(edge => (edge.Source, edge.Target)), result.Prompt!.Edges.Select(edge => (edge.Source, edge.Target)));
        Assert.All(result.Prompt.Edges, edge => Assert.Equal(Carried(rows, result, result.Circuit.Edge(edge.Source, edge.Target)!, row), edge.Weight, 1e-9));
        Assert.Contains(result.Prompt.Edges, edge => edge.Source == "resid_post.0/3");
        Assert.Contains(result.Prompt.Edges, edge => edge.Source == "resid_post.0/error");
        Assert.DoesNotContain(result.Prompt.Edges, edge => edge.Source == "resid_post.0/8");
        Assert.Equal(1, result.Prompt.Nodes.Where(node => node.Place == 0).Sum(node => node.Relevance), 9);
    }

    [Theory]
    [InlineData(Pooling.Mean, "score", FeatureSources.Adjacent)]
    [InlineData(Pooling.None, "label", FeatureSources.All)]
    public void The_number_of_threads_changes_no_byte_of_the_file(Pooling pooling, string target, FeatureSources sources)
    {
        using ActivationStoreReader store = new FeatureRows(7, texts: 300, features: 40, pooling: pooling).Write(_folder.PathOf("store"));
        byte[] Bytes(int threads) => ThreadCount.With(threads, () =>
        {
            string file = _folder.PathOf($"{threads}.circuit");
            FeatureCircuitOptions options = new() { Sources = sources, StabilityPairs = 2, MinimumRelevance = 0, PromptRow = 4 };
            CircuitFile.Write(FeatureCircuitLearner.Learn(store, StoreTarget.Read(store, target), options, cancellation: TestContext.Current.CancellationToken).Circuit, file);
            return File.ReadAllBytes(file);
        });

        Assert.Equal(Bytes(1), Bytes(4));
    }

    [Fact]
    public void Stability_is_one_on_the_planted_path_and_each_edge_has_one()
    {
        using ActivationStoreReader store = new FeatureRows(8, texts: 600, features: 30, pooling: Pooling.None).Write(_folder.PathOf("store"));
        FeatureCircuitResult result = FeatureCircuitLearner.Learn(store, StoreTarget.Read(store, "score"), new() { StabilityPairs = 3 }, cancellation: TestContext.Current.CancellationToken);
        Assert.All(result.Circuit.Edges.Where(edge => edge.InCircuit), edge => Assert.Equal(1, edge.Stability));
        Assert.All(result.Circuit.Edges, edge => Assert.InRange(edge.Stability!.Value, 0, 1));
        Assert.Equal(0, result.Circuit.Metrics["stability_missed"]);
    }

    [Fact]
    public void Regressions_that_miss_the_tolerance_are_counted()
    {
        using ActivationStoreReader store = new FeatureRows(3, texts: 300, features: 14).Write(_folder.PathOf("store"));
        FeatureCircuitResult result = FeatureCircuitLearner.Learn(
            store, FeatureNodeName.Parse("resid_post.1/11"), new() { Tolerance = 1e-300, LambdaRatio = 0.01 }, cancellation: TestContext.Current.CancellationToken);
        Assert.Equal(1, result.Missed);
        Assert.Equal(1, result.Circuit.Metrics["missed"]);
        Assert.InRange(result.LargestRelativeGap, 1e-300, 1e-8);
    }

    [Fact]
    public void A_store_without_errors_has_none_in_its_circuit_and_a_site_may_be_chosen_to_read_from()
    {
        using ActivationStoreReader store = new FeatureRows(9, texts: 400, features: 40).Write(_folder.PathOf("store"), "resid_post.0.error", "resid_post.1.error", "resid_post.2.error");
        FeatureCircuitResult result = FeatureCircuitLearner.Learn(store, StoreTarget.Read(store, "score"), new() { ReadoutSite = "resid_post.1" }, cancellation: TestContext.Current.CancellationToken);
        Assert.DoesNotContain(result.Circuit.Nodes, node => node.Kind == CircuitNodeKind.Error || node.Layer == 2);
        Assert.NotNull(result.Circuit.Edge("resid_post.1/11", "logits"));
    }

    [Fact]
    public void Stores_that_hold_no_features_or_broken_ones_are_refused_in_one_line()
    {
        string Refused(Action<FeatureRows> spoil, params string[] without)
        {
            FeatureRows rows = new(1, texts: 60, features: 12);
            spoil(rows);
            using ActivationStoreReader store = rows.Write(_folder.PathOf(Guid.NewGuid().ToString()), without);
            string message = Assert.Throws<InputException>(() => FeatureCircuitLearner.Learn(store, StoreTarget.Read(store, "score"))).Message;
            Assert.DoesNotContain('\n', message);
            return message;
        }

        Assert.Contains("holds no sparse features", Refused(_ => { }, "resid_post.0", "resid_post.1", "resid_post.2"), StringComparison.Ordinal);
        Assert.Contains("site resid_post.2: row 7, column 3", Refused(rows => rows.Values("resid_post.2")[7, 3] = float.NaN), StringComparison.Ordinal);
        Assert.Contains("site resid_post.2.error: row 9, column 1", Refused(rows => rows.Values("resid_post.2.error")[9, 1] = float.PositiveInfinity), StringComparison.Ordinal);
    }

    private static void AddError(FeatureRows rows)
    {
        // What no feature carries: the planted features read the error of the site before too.
        for (int site = 0; site < 2; site++)
        {
            for (int row = 0; row < rows.Rows.Length; row++)
            {
                int feature = site == 0 ? 11 : rows.Last;
                float[,] values = rows.Values(FeatureRows.Name(site + 1));
                values[row, feature] = Math.Max(0, values[row, feature] + (0.9f * rows.Values(FeatureRows.Name(site) + ".error")[row, 1]));
            }
        }
    }

    private static double AssertRegression(FeatureRows rows, FeatureCircuitResult result, string[] sites, string node, double[] target, double lambda)
    {
        (string Node, double[] Values)[] columns = Columns(rows, sites);
        int count = target.Length;
        float[,] x = new float[count, columns.Length], y = new float[count, 1];
        for (int row = 0; row < count; row++)
        {
            y[row, 0] = (float)target[row];
            for (int j = 0; j < columns.Length; j++)
            {
                x[row, j] = (float)columns[j].Values[row];
            }
        }

        (double[] weights, double objective, _) = CircuitLasso.Regression.Tests.SlowLasso.Solve(x, y, 0, lambda, centred: true);
        foreach (IGrouping<string, int> group in Enumerable.Range(0, columns.Length).GroupBy(j => columns[j].Node))
        {
            double[] expected = [.. group.Select(j => weights[j])];
            bool isError = FeatureNodeName.Parse(group.Key).IsError;
            double[] found = isError ? Coefficients(result.Circuit, group.Key, node, expected.Length) : [result.Circuit.Edge(group.Key, node)?.Weight ?? 0];
            for (int k = 0; k < expected.Length; k++)
            {
                Assert.Equal(expected[k], found[k], 1e-6);
            }

            Assert.Equal(Math.Sqrt(expected.Sum(weight => weight * weight)), result.Circuit.Edge(group.Key, node)?.Norm ?? 0, 1e-6);
        }

        return objective - (lambda * weights.Sum(Math.Abs));
    }

    private static (string Node, double[] Values)[] Columns(FeatureRows rows, string[] sites) =>
    [
        .. sites.SelectMany(site => Enumerable.Range(0, rows.Values(site).GetLength(1)).Select(j => (new FeatureNodeName(site, j).ToString(), Column(rows, site, j)))
            .Concat(Enumerable.Range(0, rows.Values(site + ".error").GetLength(1)).Select(j => (new FeatureNodeName(site, null).ToString(), Column(rows, site + ".error", j))))),
    ];

    private static double[] Column(FeatureRows rows, string site, int column) => [.. Enumerable.Range(0, rows.Rows.Length).Select(row => (double)rows.Values(site)[row, column])];

    private static double MaximumLambda(FeatureRows rows, string[] sites, double[] target)
    {
        double mean = target.Average();
        return 2 * Columns(rows, sites).Max(column => Math.Abs(column.Values.Zip(target, (x, y) => x * (y - mean)).Sum()));
    }

    private static double Covariation(double[] first, double[] second)
    {
        (double a, double b) = (first.Average(), second.Average());
        return first.Zip(second, (x, y) => (x - a) * (y - b)).Sum();
    }

    // Through every path, one after another.
    private static double Map(Circuit circuit, string node) =>
        node == circuit.Target.Name ? 1 : circuit.Edges.Where(edge => edge.Source == node).Sum(edge => edge.Weight * Map(circuit, edge.Target));

    private static double Carried(FeatureRows rows, FeatureCircuitResult result, CircuitEdge edge, int row)
    {
        FeatureNodeName source = FeatureNodeName.Parse(edge.Source);
        return source.Feature is { } feature
            ? edge.Weight * rows.Values(source.Site)[row, feature]
            : result.Circuit.Coefficients.Where(coefficient => (coefficient.Source, coefficient.Target) == (edge.Source, edge.Target)).Sum(coefficient => coefficient.Value * rows.Values(source.Site + ".error")[row, coefficient.Coordinate]);
    }

    private static double[] Coefficients(Circuit circuit, string source, string target, int width)
    {
        double[] values = new double[width];
        foreach (EdgeCoefficient coefficient in circuit.Coefficients.Where(coefficient => (coefficient.Source, coefficient.Target) == (source, target)))
        {
            values[coefficient.Coordinate] = coefficient.Value;
        }

        return values;
    }
}
