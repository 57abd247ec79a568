using MathNet.Numerics.LinearAlgebra;

namespace CircuitLasso.Numerics.Tests;

[Collection(ThreadCount.Collection)]
public sealed class SymmetricEigenvaluesTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(5)]
    [InlineData(40)]
    [InlineData(110)]
    public void It_is_MathNet_s_largest_eigenvalue_for_positive_and_indefinite_matrices(int n)
    {
        Random random = new(n);
        Matrix<double> factor = Matrix<double>.Build.Dense(n, n, (_, _) => random.NextDouble() - 0.5);
        foreach (Matrix<double> matrix in (Matrix<double>[])[factor.TransposeThisAndMultiply(factor), factor + factor.Transpose(), -factor.TransposeThisAndMultiply(factor)])
        {
            double expected = matrix.Evd(Symmetricity.Symmetric).EigenValues.Real().Maximum();
            EigenvalueEstimate estimate = SymmetricEigenvalues.Largest(n, matrix.ToRowMajorArray(), n, 1e-10);
            double scale = matrix.L2Norm();
            Assert.Equal(expected, estimate.Value, 1e-10 * scale);
            Assert.InRange(expected, estimate.Value - (1e-13 * scale), estimate.UpperBound + (1e-13 * scale));
            Assert.InRange(estimate.UpperBound - estimate.Value, 0, 1e-9 * scale);
        }
    }

    [Fact]
    public void A_spectrum_that_crowds_at_its_end_is_bounded_from_above()
    {
        // The second difference of 4000 points: its eigenvalues are 4 sin^2(k pi / 8002), with neighbours 1e-6 apart at the top.
        const int n = 4000;
        EigenvalueEstimate estimate = SymmetricEigenvalues.Largest(n, Multiply);
        double largest = 4 * Math.Pow(Math.Sin(n * Math.PI / (2 * (n + 1))), 2);
        Assert.InRange(estimate.Value, 0.99 * largest, largest + 1e-12);
        Assert.InRange(estimate.UpperBound, largest, 1.05 * largest);

        static void Multiply(ReadOnlySpan<double> x, Span<double> y)
        {
            for (int i = 0; i < n; i++)
            {
                y[i] = (2 * x[i]) - (i > 0 ? x[i - 1] : 0) - (i < n - 1 ? x[i + 1] : 0);
            }
        }
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(-3)]
    [InlineData(1e30)]
    [InlineData(1e-30)]
    public void A_multiple_of_the_identity_has_that_eigenvalue(double factor)
    {
        double[] a = new double[49];
        for (int i = 0; i < 7; i++)
        {
            a[i * 8] = factor;
        }

        EigenvalueEstimate estimate = SymmetricEigenvalues.Largest(7, a, 7);
        Assert.Equal(factor, estimate.Value, Math.Abs(factor) * 1e-14);
        Assert.Equal(factor, estimate.UpperBound, Math.Abs(factor) * 1e-13);
    }

    [Fact]
    public void Any_number_of_threads_gives_the_same_value()
    {
        double[] a = new double[1500 * 1500];
        SymmetricProduct.RankK(3, 1500, 1, [.. Enumerable.Range(0, 4500).Select(i => Math.Sin(i * i))], 1500, 0, a, 1500);
        EigenvalueEstimate one = default;
        EigenvalueEstimate three = default;
        ThreadCount.With(1, () => one = SymmetricEigenvalues.Largest(1500, a, 1500));
        ThreadCount.With(3, () => three = SymmetricEigenvalues.Largest(1500, a, 1500));
        Assert.Equal(one, three);
    }

    [Fact]
    public void Arguments_that_do_not_fit_are_refused()
    {
        Assert.ThrowsAny<ArgumentException>(() => SymmetricEigenvalues.Largest(0, [], 0));
        Assert.Throws<ArgumentException>(() => SymmetricEigenvalues.Largest(2, new double[3], 2));
        Assert.ThrowsAny<ArgumentException>(() => SymmetricEigenvalues.Largest(0, (_, _) => { }));
    }
}
