using System.Numerics;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.Arm;
using System.Runtime.Intrinsics.X86;

namespace CircuitLasso.Numerics;

/// <summary>The project's own kernels over the processor's vector instructions: what computes where no OpenBLAS is installed. Thread-safe.</summary>
/// <remarks>
/// Packed panels and a register-blocked micro-kernel; narrow products stream their matrix instead. No managed memory is allocated once a thread
/// has its working memory of a few megabytes. Results depend on the width of the vectors, which <see cref="Name"/> tells.
/// Where the processor has no vector instructions the plain loops of <see cref="ScalarMatrixBackend"/> run.
/// </remarks>
public sealed unsafe class SimdMatrixBackend : IMatrixBackend
{
    private static readonly ScalarMatrixBackend _withoutVectors = new();

    /// <inheritdoc/>
    public string Name => "SIMD " + InstructionSet;

    private static string InstructionSet =>
        Vector512.IsHardwareAccelerated ? "AVX-512"
        : Vector256.IsHardwareAccelerated ? (Fma.IsSupported ? "AVX2 with FMA" : "AVX2")
        : AdvSimd.IsSupported ? "NEON"
        : Vector128.IsHardwareAccelerated ? "128 bits"
        : "without vector instructions";

    /// <inheritdoc/>
    public void Gemm(bool transposeA, bool transposeB, int m, int n, int k, float alpha, ReadOnlySpan<float> a, int lda, ReadOnlySpan<float> b, int ldb, float beta, Span<float> c, int ldc) =>
        Multiply(transposeA, transposeB, m, n, k, alpha, a, lda, b, ldb, beta, c, ldc);

    /// <inheritdoc/>
    public void Gemm(bool transposeA, bool transposeB, int m, int n, int k, double alpha, ReadOnlySpan<double> a, int lda, ReadOnlySpan<double> b, int ldb, double beta, Span<double> c, int ldc) =>
        Multiply(transposeA, transposeB, m, n, k, alpha, a, lda, b, ldb, beta, c, ldc);

    private static void Multiply<T>(bool transposeA, bool transposeB, int m, int n, int k, T alpha, ReadOnlySpan<T> a, int lda, ReadOnlySpan<T> b, int ldb, T beta, Span<T> c, int ldc)
        where T : unmanaged, IFloatingPointIeee754<T>
    {
        if (!Vector128.IsHardwareAccelerated)
        {
            _withoutVectors.Gemm<T>(transposeA, transposeB, m, n, k, alpha, a, lda, b, ldb, beta, c, ldc);
            return;
        }

        MatrixArguments.CheckProduct(transposeA, transposeB, m, n, k, a.Length, lda, b.Length, ldb, c.Length, ldc);
        if (MatrixArguments.ScaleOnly(m, n, k, alpha, beta, c, ldc))
        {
            return;
        }

        fixed (T* pointerA = a, pointerB = b, pointerC = c)
        {
            StridedMatrix<T> left = StridedMatrix<T>.Of(pointerA, lda, transposeA);
            StridedMatrix<T> right = StridedMatrix<T>.Of(pointerB, ldb, transposeB);
            StridedMatrix<T> result = StridedMatrix<T>.Of(pointerC, ldc, transpose: false);
            if (m <= NarrowProduct.MostRows)
            {
                NarrowProduct.Run(m, n, k, alpha, left, right, beta, result);
            }
            else if (n <= NarrowProduct.MostRows)
            {
                NarrowProduct.Run(n, m, k, alpha, right.Transposed, left.Transposed, beta, result.Transposed);
            }
            else if (Vector512.IsHardwareAccelerated)
            {
                PackedProduct<T, MicroKernel512>.Run(m, n, k, alpha, left, right, beta, result);
            }
            else
            {
                PackedProduct<T, MicroKernelVector>.Run(m, n, k, alpha, left, right, beta, result);
            }
        }
    }
}
