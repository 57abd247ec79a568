using CircuitLasso.Models;
using CircuitLasso.Numerics;
using CircuitLasso.Tensors;

namespace CircuitLasso.Tests;

/// <summary>What sources have in a network's output, against the same network in double precision and differences along the path.</summary>
public sealed class NetworkMapTests
{
    private const int Width = 6;
    private const int Outputs = 4;

    [Theory]
    [InlineData(NormalizationKind.None, true)]
    [InlineData(NormalizationKind.None, false)]
    [InlineData(NormalizationKind.LayerWithoutParameters, true)]
    [InlineData(NormalizationKind.RootMeanSquare, false)]
    public void A_network_that_is_linear_gives_what_the_linear_map_gives(NormalizationKind norm, bool even)
    {
        using Rows rows = new(norm, even ? [4] : [4, 2, 3]);

        // Far above zero, GELU is the identity: f(x) = x V W + const.
        ReaderNetwork network = Network(scale: 0.1f, bias: 12);
        double[] product = new double[Width * Width];
        for (int i = 0; i < product.Length; i++)
        {
            product[i] = Enumerable.Range(0, ReaderNetwork.Hidden).Sum(k => (double)network.InputWeights[((i / Width) * ReaderNetwork.Hidden) + k] * network.OutputWeights[(k * Width) + (i % Width)]);
        }

        NetworkMap map = new(rows.Reader, network, rows.Layout, rows.Read, rows.Means, 0, 1);
        PositionMap linear = new(rows.Reader, product, 0, 1);
        double[] written = Written(rows.Layout);
        double[] pulled = new double[rows.Layout.Slots * Width * Outputs];
        double[] pulledLinearly = new double[pulled.Length];
        map.Pull(rows.Layout, written, Outputs, pulled);
        linear.Pull(rows.Layout, written, Outputs, pulledLinearly);
        AssertClose(pulledLinearly, pulled, 1e-4);
        rows.Scale.Project(pulledLinearly, Width, Outputs);
        for (int source = 0; source < rows.Reader; source++)
        {
            using SourceRows values = new(rows.Contributions, source, rows.Scale);
            float[] result = new float[rows.Layout.Samples * Outputs];
            float[] expected = new float[result.Length];
            map.Push(values, rows.Scale, written, pulled, Outputs, result);
            linear.Push(values, rows.Scale, written, pulledLinearly, Outputs, expected);
            AssertClose([.. expected.Select(value => (double)value)], [.. result.Select(value => (double)value)], 1e-4);
        }
    }

    [Theory]
    [InlineData(NormalizationKind.None, true, 1f)]
    [InlineData(NormalizationKind.None, false, 3f)]
    [InlineData(NormalizationKind.LayerWithoutParameters, true, 1f)]
    [InlineData(NormalizationKind.RootMeanSquare, false, 0.01f)]
    public void A_sources_part_is_the_mean_of_differences_along_the_path(NormalizationKind norm, bool even, float scale)
    {
        using Rows rows = new(norm, even ? [4] : [4, 2, 3]);
        ReaderNetwork network = Network(scale, bias: 0);
        ExplicitNetwork twin = new(network);
        NetworkMap map = new(rows.Reader, network, rows.Layout, rows.Read, rows.Means, 0, 1);
        double[] written = Written(rows.Layout);
        double[] pulled = new double[rows.Layout.Slots * Width * Outputs];
        map.Pull(rows.Layout, written, Outputs, pulled);
        double[] expectedPull = new double[pulled.Length];
        foreach (int row in Enumerable.Range(0, rows.Layout.Rows).Where(row => rows.Layout.IsReal[row]))
        {
            int slot = row % rows.Layout.Slots;
            for (int i = 0; i < Width; i++)
            {
                double[] part = twin.AlongPath(rows.Mean(slot), rows.Centred(row), [.. Enumerable.Range(0, Width).Select(j => i == j ? 1.0 : 0)]);
                for (int o = 0; o < Outputs; o++)
                {
                    expectedPull[(((slot * Width) + i) * Outputs) + o] += Meaning(written, slot, part, o) / rows.Layout.RealCount[slot];
                }
            }
        }

        AssertClose(expectedPull, pulled, 2e-4);
        foreach (int source in new[] { 0, rows.Reader - 1 })
        {
            using SourceRows values = new(rows.Contributions, source, rows.Scale);
            float[] result = new float[rows.Layout.Samples * Outputs];
            map.Push(values, rows.Scale, written, pulled, Outputs, result);
            double[][] parts = [.. Enumerable.Range(0, rows.Layout.Rows).Select(row =>
                rows.Layout.IsReal[row] ? twin.AlongPath(rows.Mean(row % rows.Layout.Slots), rows.Centred(row), rows.Residual(values, row)) : new double[Width])];
            AssertClose(rows.Outputs(parts, written), [.. result.Select(value => (double)value)], 2e-4);
        }
    }

    [Theory]
    [InlineData(0.3f, true)]
    [InlineData(2f, true)]
    [InlineData(2f, false)]
    public void The_parts_of_all_sources_sum_to_what_the_network_writes(float scale, bool even)
    {
        using Rows rows = new(NormalizationKind.None, even ? [4] : [4, 2, 3]);
        ReaderNetwork network = Network(scale, bias: 0.2f);
        ExplicitNetwork twin = new(network);
        NetworkMap map = new(rows.Reader, network, rows.Layout, rows.Read, rows.Means, 0, 1);
        double[] written = Written(rows.Layout);
        double[] pulled = new double[rows.Layout.Slots * Width * Outputs];
        map.Pull(rows.Layout, written, Outputs, pulled);
        double[] sum = new double[rows.Layout.Samples * Outputs];
        float[] result = new float[sum.Length];
        for (int source = 0; source < rows.Reader; source++)
        {
            using SourceRows values = new(rows.Contributions, source, rows.Scale);
            map.Push(values, rows.Scale, written, pulled, Outputs, result);
            sum = [.. sum.Zip(result, (a, b) => a + b)];
        }

        double[][] whole = [.. Enumerable.Range(0, rows.Layout.Rows).Select(row =>
            rows.Layout.IsReal[row] ? twin.Apply([.. rows.Mean(row % rows.Layout.Slots).Zip(rows.Centred(row), (mean, x) => mean + x)]) : new double[Width])];
        AssertClose(rows.Outputs(whole, written), sum, 1e-4);
    }

    private static ReaderNetwork Network(float scale, float bias)
    {
        RandomSource random = new(11);
        float[] Values(int count, float deviation, float mean) => [.. Enumerable.Range(0, count).Select(_ => (float)(mean + (deviation * random.NextNormal())))];
        return new ReaderNetwork(Values(Width * ReaderNetwork.Hidden, scale, 0), Values(ReaderNetwork.Hidden, 0.3f, bias), Values(ReaderNetwork.Hidden * Width, 0.2f, 0), Values(Width, 1, 0));
    }

    private static double[] Written(SampleLayout layout)
    {
        RandomSource random = new(12);
        return [.. Enumerable.Range(0, layout.Slots * Width * Outputs).Select(_ => random.NextNormal())];
    }

    private static double Meaning(double[] written, int slot, double[] part, int output) =>
        Enumerable.Range(0, Width).Sum(j => part[j] * written[(((slot * Width) + j) * Outputs) + output]);

    private static void AssertClose(double[] expected, double[] actual, double relative)
    {
        double tolerance = relative * expected.Max(Math.Abs);
        Assert.True(tolerance > 0);
        Assert.All(expected, (value, i) => Assert.Equal(value, actual[i], tolerance));
    }

    /// <summary>What the second MLP of a small random model reads.</summary>
    private sealed class Rows : IDisposable
    {
        private readonly TransformerModel _model;

        public Rows(NormalizationKind norm, int[] lengths)
        {
            _model = RegressionToy.Model(norm, causal: true);
            Layout = new SampleLayout(RegressionToy.Task(6, lengths, lastOnly: false));
            Contributions = ContributionCollector.Collect(_model, Layout, false, 1 << 20, null, default);
            Reader = Contributions.MlpNode(1);
            Read = new float[Layout.Rows * Width];
            Means = new float[Layout.Slots * Width];
            using ResidualSums sums = new(Contributions);
            Scale = sums.Read(Reader, Read, Means);
        }

        public ComponentContributions Contributions { get; }

        public SampleLayout Layout { get; }

        public int Reader { get; }

        public float[] Read { get; }

        public float[] Means { get; }

        public ReaderScale Scale { get; }

        public double[] Mean(int slot) => [.. Means.AsSpan(slot * Width, Width).ToArray().Select(value => (double)value)];

        public double[] Centred(int row) => [.. Read.AsSpan(row * Width, Width).ToArray().Select(value => (double)value)];

        // A source's row in the residual stream, less its mean where the norm takes it.
        public double[] Residual(SourceRows source, int row)
        {
            float[] own = source.Values.Slice(row * source.Columns, source.Columns).ToArray();
            float[] basis = Contributions.Basis(source.Node).ToArray();
            double[] residual = [.. Enumerable.Range(0, Width).Select(j => basis.Length == 0 ? own[j] : own.Select((value, k) => (double)value * basis[(k * Width) + j]).Sum())];
            double mean = Scale.RemovesMean ? residual.Average() : 0;
            return [.. residual.Select(value => value - mean)];
        }

        // Rows written, centred slot by slot, as outputs.
        public double[] Outputs(double[][] rows, double[] written)
        {
            double[] outputs = new double[Layout.Samples * NetworkMapTests.Outputs];
            for (int slot = 0; slot < Layout.Slots; slot++)
            {
                int[] real = [.. Enumerable.Range(0, Layout.Samples).Where(sample => Layout.IsReal[(sample * Layout.Slots) + slot])];
                double[] mean = [.. Enumerable.Range(0, Width).Select(j => real.Average(sample => rows[(sample * Layout.Slots) + slot][j]))];
                foreach (int sample in real)
                {
                    double[] centred = [.. rows[(sample * Layout.Slots) + slot].Zip(mean, (a, b) => a - b)];
                    for (int o = 0; o < NetworkMapTests.Outputs; o++)
                    {
                        outputs[(sample * NetworkMapTests.Outputs) + o] += Meaning(written, slot, centred, o);
                    }
                }
            }

            return outputs;
        }

        public void Dispose()
        {
            Contributions.Dispose();
            _model.Dispose();
        }
    }
}
