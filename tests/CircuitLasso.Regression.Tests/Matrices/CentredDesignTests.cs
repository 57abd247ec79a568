using CircuitLasso.Numerics;

namespace CircuitLasso.Regression.Tests;

public sealed class CentredDesignTests
{
    [Theory]
    [InlineData(1, 1, 1.0)]
    [InlineData(300, 33, 0.02)]
    [InlineData(300, 33, 0.1)]
    [InlineData(1500, 40, 1.0)]
    public void The_gram_matrix_is_that_of_the_columns_less_their_means(int rows, int features, double density)
    {
        float[,] x = new SparseSample(rows, features, 1, density, rows).X;
        double[,] centred = Centre(x);
        using SharedDesign design = SharedDesign.Create(SparseSample.Compress(x), centred: true);
        using SharedGram gram = design.ComputeGram(cancellationToken: TestContext.Current.CancellationToken)!;
        Assert.Equal(density < 1, design is SparseDesign);
        Assert.Equal(design is SparseDesign ? features : 0, gram.Offsets.Length);
        for (int a = 0; a < features; a++)
        {
            for (int b = 0; b < features; b++)
            {
                double expected = 0, size = 0;
                for (int i = 0; i < rows; i++)
                {
                    expected += centred[i, a] * centred[i, b];
                    size += Math.Abs((double)x[i, a] * x[i, b]);
                }

                double offset = gram.Offsets.IsEmpty ? 0 : gram.Offsets[a] * gram.Offsets[b];
                Assert.Equal(expected, gram[a, b] - offset, (6e-8 * (Math.Abs(expected) + Math.Abs(offset))) + (1e-12 * size));
            }
        }
    }

    [Theory]
    [InlineData(0.05)]
    [InlineData(1.0)]
    public void Products_and_residuals_are_those_of_the_columns_less_their_means(double density)
    {
        const int rows = 200, features = 50, targets = 3;
        SparseSample sample = new(rows, features, targets, density, 3);
        double[,] x = Centre(sample.X), y = Centre(sample.Y);
        using SharedDesign design = SharedDesign.Create(SparseSample.Compress(sample.X), centred: true);
        using NativeBuffer<double> products = new(2 * features);
        design.Correlate(SparseSample.Compress(sample.Y), 1, 2, products);
        int[] columns = [4, 9];
        double[] weights = [0.5, -2], residual = [.. Enumerable.Range(0, rows).Select(i => (double)sample.Y[i, 0])], expected = [.. residual], correlations = new double[features];
        design.Subtract(columns, weights, residual);
        design.Correlate(residual, correlations);
        for (int i = 0; i < rows; i++)
        {
            expected[i] -= (weights[0] * x[i, columns[0]]) + (weights[1] * x[i, columns[1]]);
            Assert.Equal(expected[i], residual[i], 1e-12);
        }

        for (int j = 0; j < features; j++)
        {
            double mean = Enumerable.Range(0, rows).Average(i => (double)sample.X[i, j]);
            Assert.Equal(mean, design.Means[j], 1e-14 * Math.Max(1, Math.Abs(mean)));
            for (int t = 0; t < 2; t++)
            {
                Assert.Equal(Enumerable.Range(0, rows).Sum(i => x[i, j] * y[i, t + 1]), products.Span[(t * features) + j], 1e-10);
            }

            Assert.Equal(Enumerable.Range(0, rows).Sum(i => x[i, j] * expected[i]), correlations[j], 1e-10);
        }
    }

    [Theory]
    [InlineData(0.05)]
    [InlineData(1.0)]
    public void A_constant_column_is_exactly_zero(double density)
    {
        const int rows = 150, features = 30;
        SparseSample sample = new(rows, features, 1, density, 8);
        for (int i = 0; i < rows; i++)
        {
            sample.X[i, 7] = 0.1f;
        }

        using SharedDesign design = SharedDesign.Create(SparseSample.Compress(sample.X), centred: true);
        using SharedGram gram = design.ComputeGram(cancellationToken: TestContext.Current.CancellationToken)!;
        using NativeBuffer<double> products = new(features);
        design.Correlate(SparseSample.Compress(sample.Y), 0, 1, products);
        Assert.Equal(density < 1, design is SparseDesign);
        Assert.All(Enumerable.Range(0, features), j => Assert.Equal((0f, 0f), (gram[7, j], gram[j, 7])));
        Assert.Equal((0, 0), (gram.Offsets.IsEmpty ? 0 : gram.Offsets[7], products.Span[7]));
    }

    [Fact]
    public void A_design_that_is_not_centred_has_no_means()
    {
        using SharedDesign design = SharedDesign.Create(SparseSample.Compress(new SparseSample(20, 4, 1, 0.1, 1).X));
        using SharedGram gram = design.ComputeGram(cancellationToken: TestContext.Current.CancellationToken)!;
        Assert.Equal((false, 0, 0), (design.IsCentred, design.Means.Length, gram.Offsets.Length));
    }

    private static double[,] Centre(float[,] matrix)
    {
        int rows = matrix.GetLength(0);
        double[,] centred = new double[rows, matrix.GetLength(1)];
        for (int j = 0; j < matrix.GetLength(1); j++)
        {
            double mean = Enumerable.Range(0, rows).Average(i => (double)matrix[i, j]);
            for (int i = 0; i < rows; i++)
            {
                centred[i, j] = matrix[i, j] - mean;
            }
        }

        return centred;
    }
}
