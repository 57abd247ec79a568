using CircuitLasso.Models;
using CircuitLasso.Numerics;
using CircuitLasso.Tensors;

namespace CircuitLasso.Tests;

/// <summary>What goes back through a fitted MLP, against the same MLP in double precision and differences along the path.</summary>
public sealed class HiddenUnitMapTests
{
    private const int Width = 6;
    private const int Units = 20;

    [Theory]
    [InlineData(NormalizationKind.None, true)]
    [InlineData(NormalizationKind.LayerWithoutParameters, false)]
    public void An_mlp_that_is_linear_gives_what_the_linear_map_gives(NormalizationKind norm, bool even)
    {
        using Rows rows = new(norm, even ? [4] : [4, 2, 3]);

        // Far above zero, GELU is the identity: f(x) = x V W + const.
        FittedMlp mlp = Mlp(scale: 0.1f, bias: 12);
        double[] product = new double[Width * Width];
        for (int i = 0; i < product.Length; i++)
        {
            product[i] = Enumerable.Range(0, mlp.Hidden).Sum(k => (double)mlp.InputWeights[((i / Width) * mlp.Hidden) + k] * mlp.OutputWeights[(k * Width) + (i % Width)]);
        }

        SampleBlock block = rows.Block(probes: 2);
        float[] written = Written(block);
        float[] pulled = new float[written.Length];
        float[] pulledLinearly = new float[written.Length];
        new HiddenUnitMap(rows.Reader, mlp, rows.Means, 0, 1).PullRows(block, rows.Read, written, pulled);
        new PositionMap(rows.Reader, product, 0, 1).PullRows(block, [], written, pulledLinearly);
        AssertClose([.. pulledLinearly.Select(value => (double)value)], pulled, 1e-4);
    }

    [Theory]
    [InlineData(NormalizationKind.None, true, 1f)]
    [InlineData(NormalizationKind.None, false, 3f)]
    [InlineData(NormalizationKind.LayerWithoutParameters, true, 1f)]
    [InlineData(NormalizationKind.RootMeanSquare, false, 0.01f)]
    public void What_is_pulled_is_the_mean_of_differences_along_the_path(NormalizationKind norm, bool even, float scale)
    {
        using Rows rows = new(norm, even ? [4] : [4, 2, 3]);
        FittedMlp mlp = Mlp(scale, bias: 0);
        ExplicitMlp twin = new(mlp);
        SampleBlock block = rows.Block(probes: 2);
        float[] written = Written(block);
        float[] pulled = new float[written.Length];
        new HiddenUnitMap(rows.Reader, mlp, rows.Means, 0, 1).PullRows(block, rows.Read, written, pulled);
        double[] expected = new double[pulled.Length];
        for (int row = 0; row < block.Rows * block.Probes; row++)
        {
            int within = row % block.Rows;
            for (int i = 0; i < Width; i++)
            {
                double[] part = twin.AlongPath(rows.Mean(within % rows.Layout.Slots), rows.Centred(within), [.. Enumerable.Range(0, Width).Select(j => i == j ? 1.0 : 0)]);
                expected[(row * Width) + i] = Enumerable.Range(0, Width).Sum(j => part[j] * written[(row * Width) + j]);
            }
        }

        AssertClose(expected, pulled, 2e-4);
    }

    [Theory]
    [InlineData(0.3f, Activation.Gelu)]
    [InlineData(2f, Activation.Gelu)]
    [InlineData(2f, Activation.GeluTanh)]
    [InlineData(2f, Activation.Silu)]
    [InlineData(2f, Activation.Relu)]
    public void The_parts_of_what_is_read_sum_to_the_distance_from_what_is_written_at_the_mean(float scale, Activation activation)
    {
        using Rows rows = new(NormalizationKind.None, [4]);
        FittedMlp mlp = Mlp(scale, bias: 0.2f, activation);
        SampleBlock block = rows.Block(probes: 1);
        float[] written = Written(block);
        float[] pulled = new float[written.Length];
        new HiddenUnitMap(rows.Reader, mlp, rows.Means, 0, 1).PullRows(block, rows.Read, written, pulled);
        float[] atMean = mlp.Apply(rows.Means);
        float[] at = mlp.Apply([.. rows.Read.Select((value, i) => value + rows.Means[i % rows.Means.Length])]);
        double[] expected = new double[block.Rows];
        double[] actual = new double[block.Rows];
        for (int i = 0; i < at.Length; i++)
        {
            expected[i / Width] += (at[i] - atMean[i % atMean.Length]) * (double)written[i];
            actual[i / Width] += rows.Read[i] * (double)pulled[i];
        }

        AssertClose(expected, [.. actual.Select(value => (float)value)], 1e-3);
    }

    private static FittedMlp Mlp(float scale, float bias, Activation activation = Activation.Gelu)
    {
        RandomSource random = new(11);
        float[] Values(int count, float deviation, float mean) => [.. Enumerable.Range(0, count).Select(_ => (float)(mean + (deviation * random.NextNormal())))];
        return new FittedMlp(Values(Width * Units, scale, 0), Values(Units, 0.3f, bias), Values(Units * Width, 0.2f, 0), Values(Width, 1, 0), activation);
    }

    private static float[] Written(SampleBlock block)
    {
        RandomSource random = new(12);
        return [.. Enumerable.Range(0, block.Rows * block.Probes * Width).Select(_ => (float)random.NextNormal())];
    }

    private static void AssertClose(double[] expected, float[] actual, double relative)
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
            Contributions = ContributionCollector.Collect(_model, Layout, false, 0, 1 << 20, null, default);
            Reader = Contributions.MlpNode(1);
            Read = new float[Layout.Rows * Width];
            Means = new float[Layout.Slots * Width];
            using ResidualSums sums = new(Contributions);
            sums.Read(Reader, Read, Means);
        }

        public ComponentContributions Contributions { get; }

        public SampleLayout Layout { get; }

        public int Reader { get; }

        public float[] Read { get; }

        public float[] Means { get; }

        public double[] Mean(int slot) => [.. Means.AsSpan(slot * Width, Width).ToArray().Select(value => (double)value)];

        public double[] Centred(int row) => [.. Read.AsSpan(row * Width, Width).ToArray().Select(value => (double)value)];

        public SampleBlock Block(int probes) => new(0, Layout.Samples, Layout.Rows, probes);

        public void Dispose()
        {
            Contributions.Dispose();
            _model.Dispose();
        }
    }
}
