using MathNet.Numerics.LinearAlgebra;

namespace CircuitLasso.Numerics.Tests;

[Collection(ThreadCount.Collection)]
public sealed class CholeskyTests
{
    public static TheoryData<int> Sizes() => [1, 2, 3, 17, 95, 96, 97, 193, 300];

    [Theory]
    [MemberData(nameof(Sizes))]
    public void The_factor_is_MathNet_s_and_what_lies_above_the_diagonal_stays(int n)
    {
        int lda = n + 2;
        double[] a = PositiveDefinite(n, lda, seed: n);
        double[] factor = [.. a];
        Assert.True(Cholesky.TryFactorise(n, factor, lda, out int pivot));
        Assert.Equal(-1, pivot);
        Matrix<double> expected = Matrix<double>.Build.Dense(n, n, (i, j) => a[(Math.Max(i, j) * lda) + Math.Min(i, j)]).Cholesky().Factor;
        for (int i = 0; i < n; i++)
        {
            for (int j = 0; j < lda; j++)
            {
                if (j <= i)
                {
                    Assert.Equal(expected[i, j], factor[(i * lda) + j], 1e-12 * n);
                }
                else
                {
                    Assert.Equal(a[(i * lda) + j], factor[(i * lda) + j]);
                }
            }
        }
    }

    [Theory]
    [MemberData(nameof(Sizes))]
    public void Solves_leave_no_residual(int n)
    {
        const int columns = 7;
        const int ldb = 9;
        double[] a = PositiveDefinite(n, n, seed: n);
        double[] factor = [.. a];
        Assert.True(Cholesky.TryFactorise(n, factor, n, out _));
        double[] b = [.. Enumerable.Range(0, n * ldb).Select(i => Math.Sin(i))];
        double[] x = [.. b];
        Cholesky.Solve(n, factor, n, columns, x, ldb);
        double[] lower = [.. b];
        Cholesky.SolveLower(n, factor, n, columns, lower, ldb);
        for (int i = 0; i < n; i++)
        {
            for (int j = 0; j < ldb; j++)
            {
                double product = j < columns ? Enumerable.Range(0, n).Sum(p => a[(Math.Max(i, p) * n) + Math.Min(i, p)] * x[(p * ldb) + j]) : x[(i * ldb) + j];
                Assert.Equal(b[(i * ldb) + j], product, 1e-12 * n);
                double forward = j < columns ? Enumerable.Range(0, i + 1).Sum(p => factor[(i * n) + p] * lower[(p * ldb) + j]) : lower[(i * ldb) + j];
                Assert.Equal(b[(i * ldb) + j], forward, 1e-12 * n);
            }
        }
    }

    [Theory]
    [InlineData(1, 0)]
    [InlineData(40, 17)]
    [InlineData(250, 96)]
    [InlineData(250, 249)]
    public void A_matrix_that_is_not_positive_definite_is_told_with_its_pivot(int n, int pivot)
    {
        double[] a = PositiveDefinite(n, n, seed: n);
        a[(pivot * n) + pivot] = -1;
        Assert.False(Cholesky.TryFactorise(n, a, n, out int found));
        Assert.Equal(pivot, found);
    }

    [Fact]
    public void A_matrix_with_NaN_is_not_positive_definite()
    {
        double[] a = PositiveDefinite(120, 120, seed: 1);
        a[(100 * 120) + 3] = double.NaN;
        Assert.False(Cholesky.TryFactorise(120, a, 120, out int pivot));
        Assert.Equal(100, pivot);
    }

    [Fact]
    public void Any_number_of_threads_gives_the_same_bytes()
    {
        double[] one = PositiveDefinite(420, 420, seed: 2);
        double[] three = [.. one];
        ThreadCount.With(1, () => Cholesky.TryFactorise(420, one, 420, out _));
        ThreadCount.With(3, () => Cholesky.TryFactorise(420, three, 420, out _));
        Assert.Equal(one, three);
    }

    [Fact]
    public void Nothing_is_factorised_and_solved_for_an_empty_matrix()
    {
        Assert.True(Cholesky.TryFactorise(0, [], 0, out int pivot));
        Assert.Equal(-1, pivot);
        Cholesky.Solve(0, [], 0, 3, [], 3);
        double[] b = [5];
        Cholesky.Solve(1, [2], 1, 0, b, 1);
        Assert.Equal([5], b);
    }

    [Fact]
    public void Arguments_that_do_not_fit_are_refused()
    {
        Assert.ThrowsAny<ArgumentException>(() => Cholesky.TryFactorise(-1, [], 0, out _));
        Assert.Throws<ArgumentException>(() => Cholesky.TryFactorise(2, new double[3], 2, out _));
        Assert.Throws<ArgumentException>(() => Cholesky.TryFactorise(2, new double[4], 1, out _));
        Assert.Throws<ArgumentException>(() => Cholesky.Solve(2, new double[4], 2, 2, new double[3], 2));
        Assert.ThrowsAny<ArgumentException>(() => Cholesky.Solve(2, new double[4], 2, -1, new double[4], 2));
    }

    // Diagonally dominant, so well conditioned; what lies above the diagonal is not its mirror image.
    private static double[] PositiveDefinite(int n, int lda, int seed)
    {
        Random random = new(seed);
        double[] a = [.. Enumerable.Range(0, n * lda).Select(_ => random.NextDouble() - 0.5)];
        for (int i = 0; i < n; i++)
        {
            a[(i * lda) + i] = (n / 2.0) + random.NextDouble() + 0.5;
        }

        return a;
    }
}
