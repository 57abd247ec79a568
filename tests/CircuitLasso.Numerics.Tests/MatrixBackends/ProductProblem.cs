using System.Numerics;

namespace CircuitLasso.Numerics.Tests;

/// <summary>Random matrices of one product, with leading dimensions larger than needed and a C whose padding must stay as it is.</summary>
internal sealed class ProductProblem<T>
    where T : unmanaged, IFloatingPointIeee754<T>
{
    private readonly bool _transposeA;
    private readonly bool _transposeB;
    private readonly int _m;
    private readonly int _n;
    private readonly int _k;

    public ProductProblem(int m, int n, int k, bool transposeA, bool transposeB, double alpha, double beta, int seed, int padding = 3)
    {
        (_m, _n, _k, _transposeA, _transposeB) = (m, n, k, transposeA, transposeB);
        (Alpha, Beta) = (T.CreateChecked(alpha), T.CreateChecked(beta));
        (int rowsA, int columnsA) = transposeA ? (k, m) : (m, k);
        (int rowsB, int columnsB) = transposeB ? (n, k) : (k, n);
        (Lda, Ldb, Ldc) = (columnsA + padding, columnsB + padding, n + padding);
        Random random = new(seed);
        A = Fill(random, rowsA, columnsA, Lda);
        B = Fill(random, rowsB, columnsB, Ldb);
        C = Fill(random, m, n, Ldc);
        if (beta == 0)
        {
            // What C holds must not be read then.
            for (int i = 0; i < m; i++)
            {
                C.AsSpan(i * Ldc, n).Fill(T.NaN);
            }
        }
    }

    public T Alpha { get; }

    public T Beta { get; }

    public int Lda { get; }

    public int Ldb { get; }

    public int Ldc { get; }

    public T[] A { get; }

    public T[] B { get; }

    public T[] C { get; }

    /// <summary>The product by this backend, in a copy of C.</summary>
    public T[] Run(IMatrixBackend backend)
    {
        T[] c = [.. C];
        backend.Gemm<T>(_transposeA, _transposeB, _m, _n, _k, Alpha, A, Lda, B, Ldb, Beta, c, Ldc);
        return c;
    }

    /// <summary>
    /// Elements are below one in absolute value and of random sign, so partial sums grow like sqrt(p) / 3. Rounding k of them leaves an error
    /// whose deviation is about k / 12 units in the last place of one; k + 4 units are asked for.
    /// </summary>
    public void AssertClose(ReadOnlySpan<T> expected, ReadOnlySpan<T> actual)
    {
        double unit = typeof(T) == typeof(float) ? Math.Pow(2, -23) : Math.Pow(2, -52);
        double tolerance = unit * (_k + 4) * (Math.Abs(double.CreateChecked(Alpha)) + Math.Abs(double.CreateChecked(Beta)));
        Assert.Equal(expected.Length, actual.Length);
        for (int i = 0; i < expected.Length; i++)
        {
            double difference = Math.Abs(double.CreateChecked(expected[i]) - double.CreateChecked(actual[i]));
            bool inside = i % Ldc < _n;
            if (!(inside ? difference <= tolerance : expected[i].Equals(actual[i])))
            {
                Assert.Fail($"element {i / Ldc}, {i % Ldc} of {_m} x {_n} (inner {_k}, {_transposeA}, {_transposeB}): {actual[i]} instead of {expected[i]}");
            }
        }
    }

    private static T[] Fill(Random random, int rows, int columns, int leadingDimension)
    {
        T[] values = new T[rows * leadingDimension];
        for (int i = 0; i < values.Length; i++)
        {
            values[i] = T.CreateChecked((2 * random.NextDouble()) - 1);
        }

        return values;
    }
}
