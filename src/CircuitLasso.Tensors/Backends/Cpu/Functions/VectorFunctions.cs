using System.Numerics;

namespace CircuitLasso.Tensors;

/// <summary>
/// Elementary functions on vectors of any width, with fused multiply-adds only, so that an element's value depends neither on the width nor on its
/// place. NaN stays NaN.
/// </summary>
internal static class VectorFunctions
{
    /// <summary>
    /// e^x: x = n ln 2 + r with |r| &lt;= ln 2 / 2, a polynomial in r (the coefficients are those of Cephes' expf), and 2^n in two factors,
    /// so that results overflow to infinity and underflow gradually. Within 2 units in the last place.
    /// </summary>
    internal static Vector<float> Exp(Vector<float> x)
    {
        Vector<float> p = Reduced(x, -104, 89, out Vector<int> exponent);
        Vector<int> half = Vector.ShiftRightArithmetic(exponent, 1);
        return p * PowerOfTwo(half) * PowerOfTwo(exponent - half);
    }

    /// <summary>
    /// e^x with one factor 2^n, a quarter faster, for sums and quotients in which the ends do not matter: from 2^127.5 on it is infinity, and below
    /// 2^-126.5 it is 0, because the bits of 2^128 and 2^-127 are those of infinity and zero.
    /// </summary>
    internal static Vector<float> ExpFlushed(Vector<float> x)
    {
        Vector<float> p = Reduced(x, -88, 89, out Vector<int> exponent);
        return p * PowerOfTwo(exponent);
    }

    /// <summary>1 / (1 + e^-x).</summary>
    internal static Vector<float> Sigmoid(Vector<float> x) => Vector<float>.One / (Vector<float>.One + ExpFlushed(-x));

    /// <summary>The hyperbolic tangent: Cephes' polynomial up to 0.625, and 1 - 2 / (e^2x + 1) beyond. Within 3 units in the last place.</summary>
    internal static Vector<float> Tanh(Vector<float> x)
    {
        Vector<float> size = Vector.Abs(x);
        Vector<float> square = x * x;
        Vector<float> p = Vector.Create(-5.70498872745e-3f);
        p = Vector.FusedMultiplyAdd(p, square, Vector.Create(2.06390887954e-2f));
        p = Vector.FusedMultiplyAdd(p, square, Vector.Create(-5.37397155531e-2f));
        p = Vector.FusedMultiplyAdd(p, square, Vector.Create(1.33314422036e-1f));
        p = Vector.FusedMultiplyAdd(p, square, Vector.Create(-3.33332819422e-1f));
        Vector<float> near = Vector.FusedMultiplyAdd(p * square, x, x);
        Vector<float> far = Vector<float>.One - (Vector.Create(2f) / (ExpFlushed(size + size) + Vector<float>.One));
        return Vector.ConditionalSelect(Vector.GreaterThan(size, Vector.Create(0.625f)), Vector.CopySign(far, x), near);
    }

    /// <summary>
    /// The error function: an odd polynomial up to 475/512 and 1 - e^(polynomial) beyond, minimax fits published by N. Juffa. Within 2 units in
    /// the last place.
    /// </summary>
    internal static Vector<float> Erf(Vector<float> x)
    {
        Vector<float> size = Vector.Abs(x);
        Vector<float> square = x * x;
        Vector<float> r = Vector.FusedMultiplyAdd(Vector.Create(-1.72853470e-5f), size, Vector.Create(3.83197126e-4f));
        Vector<float> u = Vector.FusedMultiplyAdd(Vector.Create(-3.88396438e-3f), size, Vector.Create(2.42546219e-2f));
        r = Vector.FusedMultiplyAdd(r, square, u);
        r = Vector.FusedMultiplyAdd(r, size, Vector.Create(-1.06777877e-1f));
        r = Vector.FusedMultiplyAdd(r, size, Vector.Create(-6.34846687e-1f));
        r = Vector.FusedMultiplyAdd(r, size, Vector.Create(-1.28717512e-1f));
        r = Vector.FusedMultiplyAdd(r, size, -size);
        Vector<float> far = Vector.CopySign(Vector<float>.One - ExpFlushed(r), x);
        Vector<float> p = Vector.Create(-5.96761703e-4f);
        p = Vector.FusedMultiplyAdd(p, square, Vector.Create(4.99119423e-3f));
        p = Vector.FusedMultiplyAdd(p, square, Vector.Create(-2.67681349e-2f));
        p = Vector.FusedMultiplyAdd(p, square, Vector.Create(1.12819925e-1f));
        p = Vector.FusedMultiplyAdd(p, square, Vector.Create(-3.76125336e-1f));
        p = Vector.FusedMultiplyAdd(p, square, Vector.Create(1.28379166e-1f));
        Vector<float> near = Vector.FusedMultiplyAdd(p, x, x);
        return Vector.ConditionalSelect(Vector.GreaterThan(size, Vector.Create(0.927734375f)), far, near);
    }

    private static Vector<float> Reduced(Vector<float> x, float low, float high, out Vector<int> exponent)
    {
        // 1.5 * 2^23: adding it rounds to the nearest integer, which then stands in the low bits.
        Vector<float> magic = Vector.Create(12582912f);

        // The native comparisons return their second operand where one is NaN.
        x = Vector.MinNative(Vector.Create(high), Vector.MaxNative(Vector.Create(low), x));
        Vector<float> shifted = Vector.FusedMultiplyAdd(x, Vector.Create(1.44269504f), magic);
        Vector<float> n = shifted - magic;
        Vector<float> r = Vector.FusedMultiplyAdd(n, Vector.Create(-0.693359375f), x);
        r = Vector.FusedMultiplyAdd(n, Vector.Create(2.12194440e-4f), r);
        Vector<float> p = Vector.Create(1.9875691500e-4f);
        p = Vector.FusedMultiplyAdd(p, r, Vector.Create(1.3981999507e-3f));
        p = Vector.FusedMultiplyAdd(p, r, Vector.Create(8.3334519073e-3f));
        p = Vector.FusedMultiplyAdd(p, r, Vector.Create(4.1665795894e-2f));
        p = Vector.FusedMultiplyAdd(p, r, Vector.Create(1.6666665459e-1f));
        p = Vector.FusedMultiplyAdd(p, r, Vector.Create(5.0000001201e-1f));
        exponent = Vector.AsVectorInt32(shifted) - Vector.AsVectorInt32(magic);
        return Vector.FusedMultiplyAdd(p, r * r, r) + Vector<float>.One;
    }

    private static Vector<float> PowerOfTwo(Vector<int> exponent) =>
        Vector.AsVectorSingle(Vector.ShiftLeft(exponent + Vector.Create(127), 23));
}
