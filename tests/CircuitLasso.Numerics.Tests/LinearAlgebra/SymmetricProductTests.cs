namespace CircuitLasso.Numerics.Tests;

[Collection(ThreadCount.Collection)]
public sealed class SymmetricProductTests
{
    public static TheoryData<int, int, double, double> Problems() => new()
    {
        { 0, 5, 1, 0.5 }, { 1, 1, 1, 0 }, { 3, 0, 1, 0 }, { 7, 5, -0.5, 0 }, { 129, 193, 1, 1 }, { 300, 17, 2, -1 }, { 50, 400, 0.25, 0 },
    };

    [Theory]
    [MemberData(nameof(Problems))]
    public void It_is_the_product_with_the_transpose_and_exactly_symmetric(int rows, int n, double alpha, double beta)
    {
        ProductProblem<double> problem = new(n, n, rows, transposeA: true, transposeB: false, alpha, beta, seed: 5);
        double[] symmetric = [.. problem.C];
        for (int i = 0; i < n; i++)
        {
            for (int j = 0; j < i; j++)
            {
                symmetric[(i * problem.Ldc) + j] = symmetric[(j * problem.Ldc) + i];
            }
        }

        float[] single = [.. problem.A.Select(x => (float)x)];
        double[] widened = [.. single.Select(x => (double)x)];
        double[] fromDouble = [.. symmetric];
        double[] fromSingle = [.. symmetric];
        double[] expected = [.. symmetric];
        new ScalarMatrixBackend().Gemm(true, false, n, n, rows, alpha, widened, problem.Lda, widened, problem.Lda, beta, expected, problem.Ldc);
        SymmetricProduct.RankK(rows, n, alpha, single, problem.Lda, beta, fromSingle, problem.Ldc);
        SymmetricProduct.RankK(rows, n, alpha, widened, problem.Lda, beta, fromDouble, problem.Ldc);
        for (int i = 0; i < expected.Length; i++)
        {
            double tolerance = Math.ScaleB(rows + 4, -52) * (1 + Math.Abs(expected[i]));
            Assert.Equal(expected[i], fromSingle[i], tolerance);
            Assert.Equal(expected[i], fromDouble[i], tolerance);
        }

        for (int i = 0; i < n; i++)
        {
            for (int j = 0; j < i; j++)
            {
                Assert.Equal(fromSingle[(j * problem.Ldc) + i], fromSingle[(i * problem.Ldc) + j]);
                Assert.Equal(fromDouble[(j * problem.Ldc) + i], fromDouble[(i * problem.Ldc) + j]);
            }
        }
    }

    [Theory]
    [MemberData(nameof(Problems))]
    public void Of_the_transpose_it_is_the_same(int rows, int n, double alpha, double beta)
    {
        ProductProblem<double> problem = new(n, n, rows, transposeA: true, transposeB: false, alpha, beta, seed: 6);
        double[] transposed = new double[n * (rows + 3)], expected = [.. problem.C], found = [.. problem.C];
        for (int i = 0; i < rows; i++)
        {
            for (int j = 0; j < n; j++)
            {
                transposed[(j * (rows + 3)) + i] = problem.A[(i * problem.Lda) + j];
            }
        }

        SymmetricProduct.RankK(rows, n, alpha, problem.A, problem.Lda, beta, expected, problem.Ldc);
        SymmetricProduct.RankKTransposed(n, rows, alpha, transposed, rows + 3, beta, found, problem.Ldc);
        for (int i = 0; i < expected.Length; i++)
        {
            Assert.Equal(expected[i], found[i], Math.ScaleB(rows + 4, -52) * (1 + Math.Abs(expected[i])));
        }
    }

    [Fact]
    public void What_lies_below_the_diagonal_is_not_read()
    {
        double[] c = [1, 2, double.NaN, 3];
        SymmetricProduct.RankK(1, 2, 1, [2d, 5], 2, 1, c, 2);
        Assert.Equal([5, 12, 12, 28], c);
    }

    [Fact]
    public void Any_number_of_threads_gives_the_same_bytes()
    {
        Random random = new(4);
        float[] a = [.. Enumerable.Range(0, 311 * 500).Select(_ => random.NextSingle())];
        double[] one = new double[500 * 500];
        double[] three = new double[500 * 500];
        ThreadCount.With(1, () => SymmetricProduct.RankK(311, 500, 1, a, 500, 0, one, 500));
        ThreadCount.With(3, () => SymmetricProduct.RankK(311, 500, 1, a, 500, 0, three, 500));
        Assert.Equal(one, three);
    }

    [Fact]
    public void Arguments_that_do_not_fit_are_refused()
    {
        Assert.Throws<ArgumentException>(() => SymmetricProduct.RankK(-1, 2, 1, new float[4], 2, 0, new double[4], 2));
        Assert.Throws<ArgumentException>(() => SymmetricProduct.RankK(3, 2, 1, new float[5], 2, 0, new double[4], 2));
        Assert.Throws<ArgumentException>(() => SymmetricProduct.RankK(2, 2, 1, new double[4], 2, 0, new double[3], 2));
        Assert.Throws<ArgumentException>(() => SymmetricProduct.RankK(2, 2, 1, new double[4], 1, 0, new double[4], 2));
    }
}
