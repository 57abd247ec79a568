using System.Numerics;
using System.Numerics.Tensors;
using System.Runtime.InteropServices;

namespace CircuitLasso.Numerics;

/// <summary>Conversion of stored floating-point numbers to float32, vectorised; the values need not be aligned.</summary>
internal static class SingleConversion
{
    /// <summary>binary16 to binary32, exact.</summary>
    public static void FromFloat16(ReadOnlySpan<byte> source, Span<float> destination) =>
        TensorPrimitives.ConvertToSingle(MemoryMarshal.Cast<byte, Half>(source), destination);

    /// <summary>binary64 to binary32, rounded to the nearest, ties to even.</summary>
    public static void FromFloat64(ReadOnlySpan<byte> source, Span<float> destination) =>
        TensorPrimitives.ConvertTruncating(MemoryMarshal.Cast<byte, double>(source), destination);

    /// <summary>bfloat16 to binary32, exact: the sixteen bits are the upper half of the result.</summary>
    public static void FromBFloat16(ReadOnlySpan<byte> source, Span<float> destination)
    {
        ReadOnlySpan<ushort> upper = MemoryMarshal.Cast<byte, ushort>(source);
        Span<uint> bits = MemoryMarshal.Cast<float, uint>(destination)[..upper.Length];
        int i = 0;
        for (; i <= upper.Length - Vector<ushort>.Count; i += Vector<ushort>.Count)
        {
            Vector.Widen(new Vector<ushort>(upper[i..]), out Vector<uint> first, out Vector<uint> second);
            (first << 16).CopyTo(bits[i..]);
            (second << 16).CopyTo(bits[(i + Vector<uint>.Count)..]);
        }

        for (; i < upper.Length; i++)
        {
            bits[i] = (uint)upper[i] << 16;
        }
    }
}
