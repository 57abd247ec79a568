using CircuitLasso.Models;

namespace CircuitLasso.Tests;

/// <summary>What every source has in the outputs, against the dense relevance of linear readers and against the same pass written out in loops.</summary>
public sealed class ProbedRelevanceTests
{
    [Theory]
    [InlineData(true, false)]
    [InlineData(false, false)]
    [InlineData(true, true)]
    public void Of_linear_readers_few_outputs_are_exactly_what_relevance_by_matrices_gives(bool causal, bool parallel)
    {
        using TransformerModel model = RegressionToy.Model(NormalizationKind.None, causal, parallel);
        DiscoveryTask task = RegressionToy.Task(15, [4], lastOnly: true);
        SampleLayout layout = new(task);
        using ComponentContributions contributions = ContributionCollector.Collect(model, layout, false, 0, 1 << 20, null, default);
        TiedRegression regression = TiedRegression.Fit(contributions, task, RidgeShares.Damped);
        BackwardRelevance expected = BackwardRelevance.Compute(contributions, regression);

        using ProbedRelevance relevance = ProbedRelevance.Compute(contributions, regression, seed: 1);

        // All samples are one block, whose squares are scaled by n / (n - 1).
        double scale = layout.Samples / (layout.Samples - 1.0);
        double largest = expected.EdgeVariation.ToArray().Max();
        ComponentGraph graph = model.Components();
        foreach ((int source, int reader) in graph.Edges)
        {
            double squares = relevance.Products(reader)[source * (graph.SourceCount(reader) + 1)] / layout.Samples;
            Assert.Equal(scale * expected.EdgeVariation[(int)graph.EdgeIndex(source, reader)], squares, 1e-4 * largest);
        }

        for (int node = 0; node < graph.Nodes.Count - 1; node++)
        {
            Assert.Equal(scale * expected.NodeVariation[node], relevance.NodeVariation[node], 1e-4 * expected.NodeVariation.Max());
        }

        Assert.Equal(expected.NodeVariation[^1], relevance.NodeVariation[^1]);
    }

    [Fact]
    public void Of_many_outputs_random_signs_give_about_the_same_squares()
    {
        using TransformerModel model = RegressionToy.Model(NormalizationKind.None, causal: true);
        DiscoveryTask task = RegressionToy.Task(1000, [5], lastOnly: false);
        SampleLayout layout = new(task);
        using ComponentContributions contributions = ContributionCollector.Collect(model, layout, false, 0, 1 << 20, null, default);
        TiedRegression regression = TiedRegression.Fit(contributions, task, RidgeShares.Damped);
        BackwardRelevance expected = BackwardRelevance.Compute(contributions, regression);

        using ProbedRelevance relevance = ProbedRelevance.Compute(contributions, regression, seed: 1);

        ComponentGraph graph = model.Components();
        foreach ((int source, int reader) in graph.Edges)
        {
            double exact = expected.EdgeVariation[(int)graph.EdgeIndex(source, reader)];
            Assert.InRange(relevance.Products(reader)[source * (graph.SourceCount(reader) + 1)] / layout.Samples, 0.8 * exact, 1.25 * exact);
        }
    }

    [Theory]
    [InlineData(NormalizationKind.None, false, false)]
    [InlineData(NormalizationKind.LayerWithoutParameters, false, false)]
    [InlineData(NormalizationKind.Layer, true, true)]
    [InlineData(NormalizationKind.RootMeanSquare, true, false)]
    public void Every_sample_goes_back_by_its_own_readers_and_its_own_norm(NormalizationKind norm, bool uneven, bool parallel)
    {
        using TransformerModel model = RegressionToy.Model(norm, causal: true, parallel);
        DiscoveryTask task = RegressionToy.Task(12, uneven ? [4, 2, 5] : [4], lastOnly: true);
        SampleLayout layout = new(task);
        using ComponentContributions contributions = ContributionCollector.Collect(model, layout, uneven, layout.Samples, 1 << 20, null, default);
        TiedRegression regression = TiedRegression.Fit(contributions, task, RidgeShares.Damped);
        using ProbedRelevance relevance = ProbedRelevance.Compute(contributions, regression, seed: 1);
        Assert.Single(layout.ScoredSlots);

        ComponentGraph graph = model.Components();
        int width = contributions.Width;
        int classes = regression.Outputs.Classes.Length;
        float[][] written = [.. Enumerable.Range(0, graph.Nodes.Count - 1).Select(node => Residual(contributions, node))];
        double largest = Enumerable.Range(1, graph.Nodes.Count - 1).Max(reader => relevance.Parts(reader).ToArray().Max(Math.Abs));
        for (int output = 0; output < classes; output++)
        {
            double[] downstream = new double[layout.Rows * width];
            double[] more = new double[downstream.Length];
            for (int reader = graph.Nodes.Count - 1; reader > 0; reader--)
            {
                float[] pulled = PulledThroughNorm(contributions, regression, reader, downstream, output);
                for (int source = 0; source < graph.SourceCount(reader); source++)
                {
                    double[] expected = [.. Enumerable.Range(0, layout.Samples).Select(sample => Enumerable.Range(sample * layout.Slots * width, layout.Slots * width).Sum(i => written[source][i] * (double)pulled[i]))];
                    double mean = expected.Average();
                    for (int sample = 0; sample < layout.Samples; sample++)
                    {
                        double scaled = (expected[sample] - mean) * Math.Sqrt(layout.Samples / (layout.Samples - 1.0));
                        Assert.Equal(scaled, relevance.Parts(reader)[(((source * classes) + output) * layout.Samples) + sample], 1e-4 * largest);
                    }
                }

                more = [.. more.Zip(pulled, (a, b) => a + b)];
                if (graph.Nodes[reader - 1].Place != graph.Nodes[reader].Place)
                {
                    downstream = [.. downstream.Zip(more, (a, b) => a + b)];
                    Array.Clear(more);
                }
            }
        }
    }

    // A component's rows in the residual stream, centred slot by slot, in double precision until the end.
    private static float[] Residual(ComponentContributions contributions, int node)
    {
        using SourceRows rows = new(contributions, node, null);
        double[] identity = new double[contributions.Width * contributions.Width];
        for (int i = 0; i < contributions.Width; i++)
        {
            identity[i * (contributions.Width + 1)] = 1;
        }

        double[] basis = rows.InCoordinates(identity, 1, contributions.Width);
        float[] residual = new float[contributions.Layout.Rows * contributions.Width];
        for (int i = 0; i < residual.Length; i++)
        {
            (int row, int j) = (i / contributions.Width, i % contributions.Width);
            residual[i] = (float)Enumerable.Range(0, rows.Columns).Sum(k => rows.Values[(row * rows.Columns) + k] * basis[(k * contributions.Width) + j]);
        }

        return residual;
    }

    // One output's meaning for what the residual stream holds, by way of one reader: the map over all samples at once, then the norm's recorded factors.
    private static float[] PulledThroughNorm(ComponentContributions contributions, TiedRegression regression, int reader, double[] downstream, int output)
    {
        SampleLayout layout = contributions.Layout;
        int width = contributions.Width;
        float[] coordinates;
        if (reader == contributions.Graph.Nodes.Count - 1)
        {
            int classes = regression.Outputs.Classes.Length;
            coordinates = [.. Enumerable.Range(0, layout.Rows * classes).Select(i => layout.IsScored[i / classes] && i % classes == output ? 1f : 0)];
        }
        else
        {
            float[] basis = contributions.Basis(reader).ToArray();
            int inner = contributions.CoordinateWidth(reader);
            coordinates = basis.Length == 0
                ? [.. downstream.Select(value => (float)value)]
                : [.. Enumerable.Range(0, layout.Rows * inner).Select(i => (float)Enumerable.Range(0, width).Sum(j => basis[(i % inner * width) + j] * downstream[(i / inner * width) + j]))];
        }

        // What is read comes from the sums of the regression, not from blocks.
        float[] read = new float[layout.Rows * width];
        using ResidualSums sums = new(contributions);
        ReaderScale scale = sums.Read(reader, read);
        float[] pulled = new float[read.Length];
        regression.Maps[reader].PullRows(new SampleBlock(0, layout.Samples, layout.Rows, 1), read, coordinates, pulled);
        if (scale.Factors is { } factors)
        {
            for (int row = 0; row < layout.Rows; row++)
            {
                float mean = scale.RemovesMean ? pulled.AsSpan(row * width, width).ToArray().Average() : 0;
                for (int i = row * width; i < (row + 1) * width; i++)
                {
                    pulled[i] = (pulled[i] - mean) * factors[row];
                }
            }
        }

        return pulled;
    }
}
