using System.Numerics.Tensors;
using System.Runtime.Intrinsics;

namespace CircuitLasso.Tensors;

/// <summary>
/// Sums over rows. Element i is added to lane i mod 16, and the lanes are merged in one fixed tree, so that the result is the same on every
/// instruction set: four vectors of 128 bits are 16 lanes everywhere.
/// </summary>
internal static unsafe class Lanes
{
    internal const int Count = 16;

    internal static float Sum(float* x, int length)
    {
        Accumulator sum = default;
        int i = 0;
        for (; i <= length - Count; i += Count)
        {
            sum.A += Vector128.Load(x + i);
            sum.B += Vector128.Load(x + i + 4);
            sum.C += Vector128.Load(x + i + 8);
            sum.D += Vector128.Load(x + i + 12);
        }

        float* tail = stackalloc float[Count];
        Tail(x + i, length - i, tail);
        sum.A += Vector128.Load(tail);
        sum.B += Vector128.Load(tail + 4);
        sum.C += Vector128.Load(tail + 8);
        sum.D += Vector128.Load(tail + 12);
        return sum.Merge();
    }

    internal static float Dot(float* x, float* y, int length)
    {
        Accumulator sum = default;
        int i = 0;
        for (; i <= length - Count; i += Count)
        {
            sum.A = Vector128.FusedMultiplyAdd(Vector128.Load(x + i), Vector128.Load(y + i), sum.A);
            sum.B = Vector128.FusedMultiplyAdd(Vector128.Load(x + i + 4), Vector128.Load(y + i + 4), sum.B);
            sum.C = Vector128.FusedMultiplyAdd(Vector128.Load(x + i + 8), Vector128.Load(y + i + 8), sum.C);
            sum.D = Vector128.FusedMultiplyAdd(Vector128.Load(x + i + 12), Vector128.Load(y + i + 12), sum.D);
        }

        float* left = stackalloc float[Count];
        float* right = stackalloc float[Count];
        Tail(x + i, length - i, left);
        Tail(y + i, length - i, right);
        sum.A = Vector128.FusedMultiplyAdd(Vector128.Load(left), Vector128.Load(right), sum.A);
        sum.B = Vector128.FusedMultiplyAdd(Vector128.Load(left + 4), Vector128.Load(right + 4), sum.B);
        sum.C = Vector128.FusedMultiplyAdd(Vector128.Load(left + 8), Vector128.Load(right + 8), sum.C);
        sum.D = Vector128.FusedMultiplyAdd(Vector128.Load(left + 12), Vector128.Load(right + 12), sum.D);
        return sum.Merge();
    }

    /// <summary>The sum of (x - centre)^2.</summary>
    internal static float SumOfSquaredDeviations(float* x, float centre, int length)
    {
        Accumulator sum = default;
        Vector128<float> centres = Vector128.Create(centre);
        int i = 0;
        for (; i <= length - Count; i += Count)
        {
            sum.A = AddSquare(sum.A, Vector128.Load(x + i) - centres);
            sum.B = AddSquare(sum.B, Vector128.Load(x + i + 4) - centres);
            sum.C = AddSquare(sum.C, Vector128.Load(x + i + 8) - centres);
            sum.D = AddSquare(sum.D, Vector128.Load(x + i + 12) - centres);
        }

        // The tail is filled up with the centre, whose deviation is zero.
        float* tail = stackalloc float[Count];
        new Span<float>(tail, Count).Fill(centre);
        new ReadOnlySpan<float>(x + i, length - i).CopyTo(new Span<float>(tail, Count));
        sum.A = AddSquare(sum.A, Vector128.Load(tail) - centres);
        sum.B = AddSquare(sum.B, Vector128.Load(tail + 4) - centres);
        sum.C = AddSquare(sum.C, Vector128.Load(tail + 8) - centres);
        sum.D = AddSquare(sum.D, Vector128.Load(tail + 12) - centres);
        return sum.Merge();
    }

    /// <summary>The largest element (NaN where there is one), or negative infinity of none.</summary>
    internal static float Max(float* x, int length) =>
        length == 0 ? float.NegativeInfinity : TensorPrimitives.Max(new ReadOnlySpan<float>(x, length));

    private static Vector128<float> AddSquare(Vector128<float> sum, Vector128<float> value) => Vector128.FusedMultiplyAdd(value, value, sum);

    private static void Tail(float* x, int length, float* tail)
    {
        new Span<float>(tail, Count).Clear();
        new ReadOnlySpan<float>(x, length).CopyTo(new Span<float>(tail, Count));
    }

    private struct Accumulator
    {
        public Vector128<float> A;
        public Vector128<float> B;
        public Vector128<float> C;
        public Vector128<float> D;

        public readonly float Merge()
        {
            Vector128<float> sum = (A + C) + (B + D);
            return (sum.GetElement(0) + sum.GetElement(2)) + (sum.GetElement(1) + sum.GetElement(3));
        }
    }
}
