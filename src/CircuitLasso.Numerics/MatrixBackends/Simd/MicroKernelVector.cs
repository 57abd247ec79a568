using System.Numerics;
using System.Runtime.CompilerServices;

namespace CircuitLasso.Numerics;

/// <summary>
/// Six rows by two of the processor's vectors (256 bits with AVX2, 128 bits with SSE or NEON): 12 of 16 registers hold sums.
/// Without fused multiply-add instructions it multiplies, then adds.
/// </summary>
internal readonly unsafe struct MicroKernelVector : IMicroKernel
{
    /// <inheritdoc/>
    public static int Rows => 6;

    /// <inheritdoc/>
    public static int Columns<T>()
        where T : unmanaged => 2 * Vector<T>.Count;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Multiply<T>(nint depth, T* a, T* b, nint strideB, T* c, nint strideC, T alpha, T beta)
        where T : unmanaged, IFloatingPointIeee754<T>
    {
        // Written out, because only local variables live in registers.
        Vector<T> left0 = Vector<T>.Zero, right0 = Vector<T>.Zero;
        Vector<T> left1 = Vector<T>.Zero, right1 = Vector<T>.Zero;
        Vector<T> left2 = Vector<T>.Zero, right2 = Vector<T>.Zero;
        Vector<T> left3 = Vector<T>.Zero, right3 = Vector<T>.Zero;
        Vector<T> left4 = Vector<T>.Zero, right4 = Vector<T>.Zero;
        Vector<T> left5 = Vector<T>.Zero, right5 = Vector<T>.Zero;
        for (; depth > 0; depth--)
        {
            Vector<T> left = Vector.Load(b);
            Vector<T> right = Vector.Load(b + Vector<T>.Count);
            Vector<T> factor0 = Vector.Create(a[0]);
            left0 = MultiplyAdd(factor0, left, left0);
            right0 = MultiplyAdd(factor0, right, right0);
            Vector<T> factor1 = Vector.Create(a[1]);
            left1 = MultiplyAdd(factor1, left, left1);
            right1 = MultiplyAdd(factor1, right, right1);
            Vector<T> factor2 = Vector.Create(a[2]);
            left2 = MultiplyAdd(factor2, left, left2);
            right2 = MultiplyAdd(factor2, right, right2);
            Vector<T> factor3 = Vector.Create(a[3]);
            left3 = MultiplyAdd(factor3, left, left3);
            right3 = MultiplyAdd(factor3, right, right3);
            Vector<T> factor4 = Vector.Create(a[4]);
            left4 = MultiplyAdd(factor4, left, left4);
            right4 = MultiplyAdd(factor4, right, right4);
            Vector<T> factor5 = Vector.Create(a[5]);
            left5 = MultiplyAdd(factor5, left, left5);
            right5 = MultiplyAdd(factor5, right, right5);
            a += Rows;
            b += strideB;
        }

        Vector<T> product = Vector.Create(alpha);
        Vector<T> previous = Vector.Create(beta);
        bool reads = beta != T.Zero;
        Store(c, left0, right0, product, previous, reads);
        Store(c + strideC, left1, right1, product, previous, reads);
        Store(c + (2 * strideC), left2, right2, product, previous, reads);
        Store(c + (3 * strideC), left3, right3, product, previous, reads);
        Store(c + (4 * strideC), left4, right4, product, previous, reads);
        Store(c + (5 * strideC), left5, right5, product, previous, reads);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Store<T>(T* c, Vector<T> left, Vector<T> right, Vector<T> alpha, Vector<T> beta, bool reads)
        where T : unmanaged
    {
        left *= alpha;
        right *= alpha;
        if (reads)
        {
            left = MultiplyAdd(beta, Vector.Load(c), left);
            right = MultiplyAdd(beta, Vector.Load(c + Vector<T>.Count), right);
        }

        Vector.Store(left, c);
        Vector.Store(right, c + Vector<T>.Count);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector<T> MultiplyAdd<T>(Vector<T> x, Vector<T> y, Vector<T> sum)
        where T : unmanaged => typeof(T) == typeof(float)
        ? Vector.MultiplyAddEstimate(x.As<T, float>(), y.As<T, float>(), sum.As<T, float>()).As<float, T>()
        : Vector.MultiplyAddEstimate(x.As<T, double>(), y.As<T, double>(), sum.As<T, double>()).As<double, T>();
}
