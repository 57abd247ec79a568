using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace CircuitLasso.Numerics;

/// <summary>Twelve rows by two vectors of 512 bits: 24 of the 32 registers hold sums, two hold a row of B, and factors are broadcast from memory.</summary>
internal readonly unsafe struct MicroKernel512 : IMicroKernel
{
    /// <inheritdoc/>
    public static int Rows => 12;

    /// <inheritdoc/>
    public static int Columns<T>()
        where T : unmanaged => 2 * Vector512<T>.Count;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Multiply<T>(nint depth, T* a, T* b, nint strideB, T* c, nint strideC, T alpha, T beta)
        where T : unmanaged, IFloatingPointIeee754<T>
    {
        // Written out, because only local variables live in registers.
        Vector512<T> left0 = Vector512<T>.Zero, right0 = Vector512<T>.Zero;
        Vector512<T> left1 = Vector512<T>.Zero, right1 = Vector512<T>.Zero;
        Vector512<T> left2 = Vector512<T>.Zero, right2 = Vector512<T>.Zero;
        Vector512<T> left3 = Vector512<T>.Zero, right3 = Vector512<T>.Zero;
        Vector512<T> left4 = Vector512<T>.Zero, right4 = Vector512<T>.Zero;
        Vector512<T> left5 = Vector512<T>.Zero, right5 = Vector512<T>.Zero;
        Vector512<T> left6 = Vector512<T>.Zero, right6 = Vector512<T>.Zero;
        Vector512<T> left7 = Vector512<T>.Zero, right7 = Vector512<T>.Zero;
        Vector512<T> left8 = Vector512<T>.Zero, right8 = Vector512<T>.Zero;
        Vector512<T> left9 = Vector512<T>.Zero, right9 = Vector512<T>.Zero;
        Vector512<T> left10 = Vector512<T>.Zero, right10 = Vector512<T>.Zero;
        Vector512<T> left11 = Vector512<T>.Zero, right11 = Vector512<T>.Zero;
        for (; depth > 0; depth--)
        {
            Vector512<T> left = Vector512.Load(b);
            Vector512<T> right = Vector512.Load(b + Vector512<T>.Count);
            Vector512<T> factor0 = Vector512.Create(a[0]);
            left0 = MultiplyAdd(factor0, left, left0);
            right0 = MultiplyAdd(factor0, right, right0);
            Vector512<T> factor1 = Vector512.Create(a[1]);
            left1 = MultiplyAdd(factor1, left, left1);
            right1 = MultiplyAdd(factor1, right, right1);
            Vector512<T> factor2 = Vector512.Create(a[2]);
            left2 = MultiplyAdd(factor2, left, left2);
            right2 = MultiplyAdd(factor2, right, right2);
            Vector512<T> factor3 = Vector512.Create(a[3]);
            left3 = MultiplyAdd(factor3, left, left3);
            right3 = MultiplyAdd(factor3, right, right3);
            Vector512<T> factor4 = Vector512.Create(a[4]);
            left4 = MultiplyAdd(factor4, left, left4);
            right4 = MultiplyAdd(factor4, right, right4);
            Vector512<T> factor5 = Vector512.Create(a[5]);
            left5 = MultiplyAdd(factor5, left, left5);
            right5 = MultiplyAdd(factor5, right, right5);
            Vector512<T> factor6 = Vector512.Create(a[6]);
            left6 = MultiplyAdd(factor6, left, left6);
            right6 = MultiplyAdd(factor6, right, right6);
            Vector512<T> factor7 = Vector512.Create(a[7]);
            left7 = MultiplyAdd(factor7, left, left7);
            right7 = MultiplyAdd(factor7, right, right7);
            Vector512<T> factor8 = Vector512.Create(a[8]);
            left8 = MultiplyAdd(factor8, left, left8);
            right8 = MultiplyAdd(factor8, right, right8);
            Vector512<T> factor9 = Vector512.Create(a[9]);
            left9 = MultiplyAdd(factor9, left, left9);
            right9 = MultiplyAdd(factor9, right, right9);
            Vector512<T> factor10 = Vector512.Create(a[10]);
            left10 = MultiplyAdd(factor10, left, left10);
            right10 = MultiplyAdd(factor10, right, right10);
            Vector512<T> factor11 = Vector512.Create(a[11]);
            left11 = MultiplyAdd(factor11, left, left11);
            right11 = MultiplyAdd(factor11, right, right11);
            a += Rows;
            b += strideB;
        }

        Vector512<T> product = Vector512.Create(alpha);
        Vector512<T> previous = Vector512.Create(beta);
        bool reads = beta != T.Zero;
        Store(c, left0, right0, product, previous, reads);
        Store(c + strideC, left1, right1, product, previous, reads);
        Store(c + (2 * strideC), left2, right2, product, previous, reads);
        Store(c + (3 * strideC), left3, right3, product, previous, reads);
        Store(c + (4 * strideC), left4, right4, product, previous, reads);
        Store(c + (5 * strideC), left5, right5, product, previous, reads);
        Store(c + (6 * strideC), left6, right6, product, previous, reads);
        Store(c + (7 * strideC), left7, right7, product, previous, reads);
        Store(c + (8 * strideC), left8, right8, product, previous, reads);
        Store(c + (9 * strideC), left9, right9, product, previous, reads);
        Store(c + (10 * strideC), left10, right10, product, previous, reads);
        Store(c + (11 * strideC), left11, right11, product, previous, reads);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Store<T>(T* c, Vector512<T> left, Vector512<T> right, Vector512<T> alpha, Vector512<T> beta, bool reads)
        where T : unmanaged
    {
        left *= alpha;
        right *= alpha;
        if (reads)
        {
            left = MultiplyAdd(beta, Vector512.Load(c), left);
            right = MultiplyAdd(beta, Vector512.Load(c + Vector512<T>.Count), right);
        }

        Vector512.Store(left, c);
        Vector512.Store(right, c + Vector512<T>.Count);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<T> MultiplyAdd<T>(Vector512<T> x, Vector512<T> y, Vector512<T> sum)
        where T : unmanaged => typeof(T) == typeof(float)
        ? Vector512.MultiplyAddEstimate(x.AsSingle(), y.AsSingle(), sum.AsSingle()).As<float, T>()
        : Vector512.MultiplyAddEstimate(x.AsDouble(), y.AsDouble(), sum.AsDouble()).As<double, T>();
}
