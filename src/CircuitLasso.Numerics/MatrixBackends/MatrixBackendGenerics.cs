using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace CircuitLasso.Numerics;

/// <summary>Lets code that is generic over float and double call a backend; the test of the type costs nothing once compiled.</summary>
internal static class MatrixBackendGenerics
{
    /// <inheritdoc cref="IMatrixBackend.Gemm(bool, bool, int, int, int, float, ReadOnlySpan{float}, int, ReadOnlySpan{float}, int, float, Span{float}, int)"/>
    public static void Gemm<T>(this IMatrixBackend backend, bool transposeA, bool transposeB, int m, int n, int k, T alpha, ReadOnlySpan<T> a, int lda, ReadOnlySpan<T> b, int ldb, T beta, Span<T> c, int ldc)
        where T : unmanaged, IFloatingPointIeee754<T>
    {
        if (typeof(T) == typeof(float))
        {
            backend.Gemm(transposeA, transposeB, m, n, k, (float)(object)alpha, As<T, float>(a), lda, As<T, float>(b), ldb, (float)(object)beta, MemoryMarshal.CreateSpan(ref Unsafe.As<T, float>(ref MemoryMarshal.GetReference(c)), c.Length), ldc);
        }
        else if (typeof(T) == typeof(double))
        {
            backend.Gemm(transposeA, transposeB, m, n, k, (double)(object)alpha, As<T, double>(a), lda, As<T, double>(b), ldb, (double)(object)beta, MemoryMarshal.CreateSpan(ref Unsafe.As<T, double>(ref MemoryMarshal.GetReference(c)), c.Length), ldc);
        }
        else
        {
            throw new NotSupportedException($"There is no product of {typeof(T).Name} matrices.");
        }
    }

    private static ReadOnlySpan<TTo> As<TFrom, TTo>(ReadOnlySpan<TFrom> span) =>
        MemoryMarshal.CreateReadOnlySpan(ref Unsafe.As<TFrom, TTo>(ref MemoryMarshal.GetReference(span)), span.Length);
}
