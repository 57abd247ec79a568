using System.Numerics;
using System.Runtime.CompilerServices;

namespace CircuitLasso.Numerics;

/// <summary>
/// Products with few rows, down to vector times matrix: they read B once and do little with it, so nothing of B is packed. Rows of B that are
/// contiguous are added up, columns of B that are contiguous enter dot products.
/// </summary>
internal static unsafe class NarrowProduct
{
    /// <summary>The most rows of C for which this pays.</summary>
    public const int MostRows = 4;

    /// <summary>Columns worked on together: four rows of B and all rows of C stay in the first-level cache.</summary>
    private const int BlockColumns = 1024;

    /// <summary>C := alpha A B + beta C; nothing is empty and alpha is not zero.</summary>
    public static void Run<T>(int m, int n, int k, T alpha, StridedMatrix<T> a, StridedMatrix<T> b, T beta, StridedMatrix<T> c)
        where T : unmanaged, IFloatingPointIeee754<T>
    {
        T* sums = PackBuffer.Get<T>(((nint)m * k) + (MostRows * BlockColumns));
        T* rows = sums + (MostRows * BlockColumns);
        for (int i = 0; i < m; i++)
        {
            for (nint p = 0; p < k; p++)
            {
                rows[(i * (nint)k) + p] = *a.At(i, p);
            }
        }

        bool contiguousRows = b.ColumnStride == 1;
        for (int column = 0; column < n; column += BlockColumns)
        {
            int columns = Math.Min(BlockColumns, n - column);
            if (contiguousRows)
            {
                new Span<T>(sums, m * BlockColumns).Clear();
                AddRows(m, columns, k, rows, b.At(0, column), b.RowStride, sums);
            }
            else
            {
                DotColumns(m, columns, k, rows, b.At(0, column), b.ColumnStride, sums);
            }

            for (int i = 0; i < m; i++)
            {
                Write(columns, alpha, sums + (i * BlockColumns), beta, c.At(i, column), c.ColumnStride);
            }
        }
    }

    /// <summary>sums[i, j] += sum over p of rows[i, p] B[p, j], four rows of B at a time.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void AddRows<T>(int m, int columns, int k, T* rows, T* b, nint stride, T* sums)
        where T : unmanaged, IFloatingPointIeee754<T>
    {
        int p = 0;
        for (; p <= k - 4; p += 4)
        {
            T* first = b + (p * stride);
            T* second = first + stride;
            T* third = second + stride;
            T* fourth = third + stride;
            for (int i = 0; i < m; i++)
            {
                T* factors = rows + (i * (nint)k) + p;
                T* sum = sums + (i * BlockColumns);
                Vector<T> factor0 = Vector.Create(factors[0]);
                Vector<T> factor1 = Vector.Create(factors[1]);
                Vector<T> factor2 = Vector.Create(factors[2]);
                Vector<T> factor3 = Vector.Create(factors[3]);
                int j = 0;
                for (; j <= columns - Vector<T>.Count; j += Vector<T>.Count)
                {
                    Vector<T> value = Vector.Load(sum + j);
                    value = MultiplyAdd(factor0, Vector.Load(first + j), value);
                    value = MultiplyAdd(factor1, Vector.Load(second + j), value);
                    value = MultiplyAdd(factor2, Vector.Load(third + j), value);
                    value = MultiplyAdd(factor3, Vector.Load(fourth + j), value);
                    Vector.Store(value, sum + j);
                }

                for (; j < columns; j++)
                {
                    sum[j] += (factors[0] * first[j]) + (factors[1] * second[j]) + (factors[2] * third[j]) + (factors[3] * fourth[j]);
                }
            }
        }

        for (; p < k; p++)
        {
            T* row = b + (p * stride);
            for (int i = 0; i < m; i++)
            {
                T factor = rows[(i * (nint)k) + p];
                T* sum = sums + (i * BlockColumns);
                for (int j = 0; j < columns; j++)
                {
                    sum[j] += factor * row[j];
                }
            }
        }
    }

    /// <summary>sums[i, j] = sum over p of rows[i, p] B[p, j], four columns of B at a time, so that they are still cached for the next row.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void DotColumns<T>(int m, int columns, int k, T* rows, T* b, nint stride, T* sums)
        where T : unmanaged, IFloatingPointIeee754<T>
    {
        int j = 0;
        for (; j <= columns - 4; j += 4)
        {
            T* first = b + (j * stride);
            T* second = first + stride;
            T* third = second + stride;
            T* fourth = third + stride;
            for (int i = 0; i < m; i++)
            {
                T* row = rows + (i * (nint)k);
                Vector<T> vector0 = Vector<T>.Zero, vector1 = Vector<T>.Zero, vector2 = Vector<T>.Zero, vector3 = Vector<T>.Zero;
                int p = 0;
                for (; p <= k - Vector<T>.Count; p += Vector<T>.Count)
                {
                    Vector<T> factor = Vector.Load(row + p);
                    vector0 = MultiplyAdd(factor, Vector.Load(first + p), vector0);
                    vector1 = MultiplyAdd(factor, Vector.Load(second + p), vector1);
                    vector2 = MultiplyAdd(factor, Vector.Load(third + p), vector2);
                    vector3 = MultiplyAdd(factor, Vector.Load(fourth + p), vector3);
                }

                T sum0 = Vector.Sum(vector0), sum1 = Vector.Sum(vector1), sum2 = Vector.Sum(vector2), sum3 = Vector.Sum(vector3);
                for (; p < k; p++)
                {
                    T factor = row[p];
                    sum0 += factor * first[p];
                    sum1 += factor * second[p];
                    sum2 += factor * third[p];
                    sum3 += factor * fourth[p];
                }

                T* sum = sums + (i * BlockColumns) + j;
                sum[0] = sum0;
                sum[1] = sum1;
                sum[2] = sum2;
                sum[3] = sum3;
            }
        }

        for (; j < columns; j++)
        {
            T* column = b + (j * stride);
            for (int i = 0; i < m; i++)
            {
                T* row = rows + (i * (nint)k);
                Vector<T> vector = Vector<T>.Zero;
                int p = 0;
                for (; p <= k - Vector<T>.Count; p += Vector<T>.Count)
                {
                    vector = MultiplyAdd(Vector.Load(row + p), Vector.Load(column + p), vector);
                }

                T sum = Vector.Sum(vector);
                for (; p < k; p++)
                {
                    sum += row[p] * column[p];
                }

                sums[(i * BlockColumns) + j] = sum;
            }
        }
    }

    private static void Write<T>(int columns, T alpha, T* sums, T beta, T* c, nint stride)
        where T : unmanaged, IFloatingPointIeee754<T>
    {
        for (int j = 0; j < columns; j++, c += stride)
        {
            *c = beta == T.Zero ? alpha * sums[j] : (alpha * sums[j]) + (beta * *c);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector<T> MultiplyAdd<T>(Vector<T> x, Vector<T> y, Vector<T> sum)
        where T : unmanaged => typeof(T) == typeof(float)
        ? Vector.MultiplyAddEstimate(x.As<T, float>(), y.As<T, float>(), sum.As<T, float>()).As<float, T>()
        : Vector.MultiplyAddEstimate(x.As<T, double>(), y.As<T, double>(), sum.As<T, double>()).As<double, T>();
}
