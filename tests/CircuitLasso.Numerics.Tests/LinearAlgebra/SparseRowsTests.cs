namespace CircuitLasso.Numerics.Tests;

public sealed class SparseRowsTests
{
    [Theory]
    [InlineData(1, 1, 1.0, 1)]
    [InlineData(30, 7, 0.3, 5)]
    [InlineData(40, 90, 0.0, 12)]
    [InlineData(40, 90, 0.2, 8)]
    [InlineData(40, 90, 0.2, 100)]
    [InlineData(200, 333, 0.9, 60)]
    public void Sums_are_those_of_a_plain_loop_in_every_bit(int rows, int columns, double density, int count)
    {
        Random random = new(rows + count);
        float[,] dense = new float[rows, columns];
        long[] starts = new long[rows + 1];
        List<int> indices = [];
        List<float> values = [];
        for (int i = 0; i < rows; i++)
        {
            for (int j = 0; j < columns; j++)
            {
                if (random.NextDouble() < density)
                {
                    dense[i, j] = random.NextSingle() - 0.5f;
                    indices.Add(j);
                    values.Add(dense[i, j]);
                }
            }

            starts[i + 1] = indices.Count;
        }

        int[] at = [.. Enumerable.Range(0, count).Select(_ => random.Next(rows))];
        float[] weights = [.. at.Select(_ => random.NextSingle())];
        double[] sums = [.. Enumerable.Range(0, columns).Select(_ => random.NextDouble())], expected = [.. sums];
        SparseRows.AddScaled(new CompressedColumns<float>(columns, starts, [.. indices], [.. values]), at, weights, sums);
        for (int i = 0; i < count; i++)
        {
            for (int j = 0; j < columns; j++)
            {
                expected[j] += (double)weights[i] * dense[at[i], j];
            }
        }

        Assert.Equal(expected, sums);
    }

    [Fact]
    public void What_is_not_there_is_refused()
    {
        CompressedColumns<float> rows = new(3, [0, 1, 3], [2, 0, 1], [1f, 2, 3]);
        Assert.Throws<ArgumentException>(() => SparseRows.AddScaled(rows, [0, 1], [1], new double[3]));
        Assert.Throws<ArgumentException>(() => SparseRows.AddScaled(rows, [0], [1], new double[2]));
        Assert.Throws<IndexOutOfRangeException>(() => SparseRows.AddScaled(rows, [2], [1], new double[3]));
        Assert.Throws<IndexOutOfRangeException>(() => SparseRows.AddScaled(rows, [0, 0, 0, 0, 0, 0, 0, 0, -1], new float[9], new double[3]));
    }
}
