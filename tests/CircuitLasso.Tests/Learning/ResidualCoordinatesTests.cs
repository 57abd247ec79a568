namespace CircuitLasso.Tests;

public sealed class ResidualCoordinatesTests
{
    [Theory]
    [InlineData(1, 1, 1)]
    [InlineData(3, 8, 3)]
    [InlineData(8, 8, 8)]
    [InlineData(8, 5, 5)] // more numbers in the head than the model is wide
    [InlineData(6, 20, 2)] // several directions write the same
    [InlineData(4, 12, 0)] // a head that writes nothing
    public void Inner_products_equal_those_of_what_the_head_writes(int headWidth, int modelWidth, int rank)
    {
        Gaussian random = new((headWidth * 100) + modelWidth + rank);
        double[,] left = random.Matrix(headWidth, rank);
        double[,] right = random.Matrix(rank, modelWidth);
        float[] output = new float[headWidth * modelWidth];
        for (int i = 0; i < headWidth; i++)
        {
            for (int j = 0; j < modelWidth; j++)
            {
                // A full rank is drawn directly, a smaller one as a product.
                output[(i * modelWidth) + j] = rank == Math.Min(headWidth, modelWidth)
                    ? (float)random.Next()
                    : (float)Enumerable.Range(0, rank).Sum(k => Math.Round(left[i, k], 1) * Math.Round(right[k, j], 1));
            }
        }

        float[] factor = ResidualCoordinates.Factor(output, headWidth);

        Assert.Equal(headWidth * headWidth, factor.Length);
        Assert.All(Enumerable.Range(0, headWidth * headWidth).Where(i => i % headWidth > i / headWidth), i => Assert.Equal(0, factor[i]));
        double[][] z = [.. Enumerable.Range(0, 6).Select(_ => random.Numbers(headWidth))];
        double[][] written = [.. z.Select(row => Times(row, output, modelWidth))];
        double[][] coordinates = [.. z.Select(row => Times(row, factor, headWidth))];
        double scale = Math.Max(1, written.Max(row => row.Sum(value => value * value)));
        for (int a = 0; a < z.Length; a++)
        {
            for (int b = 0; b < z.Length; b++)
            {
                Assert.Equal(Dot(written[a], written[b]) / scale, Dot(coordinates[a], coordinates[b]) / scale, 1e-5);
            }
        }
    }

    private static double[] Times(double[] row, float[] matrix, int columns) =>
        [.. Enumerable.Range(0, columns).Select(j => Enumerable.Range(0, row.Length).Sum(i => row[i] * matrix[(i * columns) + j]))];

    private static double Dot(double[] left, double[] right) => left.Zip(right, (a, b) => a * b).Sum();
}
