namespace CircuitLasso.Regression.Tests;

public sealed class GroupBlockTests
{
    [Theory]
    [InlineData(1, 5)]
    [InlineData(2, 2)]
    [InlineData(3, 1)]
    [InlineData(8, 30)]
    [InlineData(20, 7)]
    [InlineData(40, 100)]
    public void The_minimum_over_a_group_satisfies_its_optimality_condition_for_every_kappa(int size, int rank)
    {
        double[] factor = RandomMatrix.Normal(rank, size, size);
        double Entry(int i, int j) => Enumerable.Range(0, rank).Sum(r => factor[(r * size) + i] * factor[(r * size) + j] * Math.Pow(10, r % 5));
        double[] gram = [.. from i in Enumerable.Range(0, size) from j in Enumerable.Range(0, size) select Entry(i, j)];
        GroupBlock block = GroupBlock.Of(size, [.. gram]);

        // c is in the range of G, as correlations are.
        double[] c = Multiply(gram, RandomMatrix.Normal(size, 1, size + 1)), weights = new double[size], rotated = new double[size];
        double length = Math.Sqrt(c.Sum(value => value * value));
        foreach (double share in new[] { 1e-12, 1e-6, 0.01, 0.5, 0.999, 1 - 1e-9 })
        {
            double kappa = share * length;
            block.Minimise(c, kappa, weights, rotated);
            double norm = Math.Sqrt(weights.Sum(w => w * w));
            Assert.True(norm > 0);
            double[] image = Multiply(gram, weights);
            for (int i = 0; i < size; i++)
            {
                Assert.Equal(c[i], image[i] + (kappa * weights[i] / norm), 1e-10 * length);
            }
        }

        block.Minimise(c, 1.0001 * length, weights, rotated);
        Assert.All(weights, w => Assert.Equal(0, w));
    }

    [Theory]
    [InlineData(3.7, 2.9, 1.3)]
    [InlineData(-3.7, 0.1, 7)]
    [InlineData(1, 2, 1)]
    [InlineData(1, 2, 0)]
    public void A_group_of_one_column_is_exactly_the_soft_threshold(double c, double kappa, double square)
    {
        double[] weight = [5], rotated = [0];
        GroupBlock.Of(1, [square]).Minimise([c], kappa, weight, rotated);
        Assert.Equal(square == 0 ? 0 : L1Penalty.SoftThreshold(c, kappa) / square, weight[0]);
    }

    [Fact]
    public void Columns_of_one_length_at_right_angles_have_a_closed_form()
    {
        // With G = d I the minimum is c (1 - kappa / ||c||) / d.
        double[] weights = new double[3], rotated = new double[3], c = [2, -1, 2];
        GroupBlock.Of(3, [4.0, 0, 0, 0, 4, 0, 0, 0, 4]).Minimise(c, 1.2, weights, rotated);
        Assert.All(Enumerable.Range(0, 3), i => Assert.Equal(c[i] * 0.6 / 4, weights[i], 1e-15));
    }

    [Theory]
    [InlineData(2)]
    [InlineData(5)]
    [InlineData(33)]
    public void Eigenvalues_equal_those_of_numpy_and_vectors_rebuild_the_matrix(int size)
    {
        double[] factor = RandomMatrix.Normal(size, size, 3);
        double[] a = [.. from i in Enumerable.Range(0, size) from j in Enumerable.Range(0, size) select factor[(i * size) + j] + factor[(j * size) + i]];
        double[] expected = ScikitLearn.Run("n = int(a[0][0]); out(np.linalg.eigvalsh(a[1].reshape(n, n)))", [size], a);
        double[] diagonal = [.. a];
        double[] vectors = SymmetricEigendecomposition.Compute(size, diagonal);
        double[] values = [.. Enumerable.Range(0, size).Select(i => diagonal[(i * size) + i])];
        double[] ascending = [.. values.Order()];
        for (int i = 0; i < size; i++)
        {
            Assert.Equal(expected[i], ascending[i], 1e-11);
            for (int j = 0; j < size; j++)
            {
                Assert.Equal(a[(i * size) + j], Enumerable.Range(0, size).Sum(k => vectors[(i * size) + k] * values[k] * vectors[(j * size) + k]), 1e-11);
            }
        }
    }

    private static double[] Multiply(double[] matrix, double[] vector) =>
        [.. vector.Select((_, i) => vector.Select((value, j) => matrix[(i * vector.Length) + j] * value).Sum())];
}
