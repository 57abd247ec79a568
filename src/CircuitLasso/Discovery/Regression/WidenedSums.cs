using System.Numerics;
using System.Runtime.InteropServices;

namespace CircuitLasso;

/// <summary>Sums of float32 values in double precision, several at a time. Thread-safe.</summary>
internal static class WidenedSums
{
    /// <summary>sums := sums + values.</summary>
    /// <param name="values">The values.</param>
    /// <param name="sums">As many sums.</param>
    public static void Add(ReadOnlySpan<float> values, Span<double> sums)
    {
        sums = sums[..values.Length];
        ReadOnlySpan<Vector<float>> vectors = MemoryMarshal.Cast<float, Vector<float>>(values);
        Span<Vector<double>> wide = MemoryMarshal.Cast<double, Vector<double>>(sums)[..(2 * vectors.Length)];
        for (int i = 0; i < vectors.Length; i++)
        {
            Vector.Widen(vectors[i], out Vector<double> low, out Vector<double> high);
            wide[2 * i] += low;
            wide[(2 * i) + 1] += high;
        }

        for (int i = vectors.Length * Vector<float>.Count; i < values.Length; i++)
        {
            sums[i] += values[i];
        }
    }

    /// <summary>values := values - subtracted, each difference rounded once.</summary>
    /// <param name="values">The values.</param>
    /// <param name="subtracted">As many numbers.</param>
    public static void Subtract(Span<float> values, ReadOnlySpan<double> subtracted)
    {
        subtracted = subtracted[..values.Length];
        Span<Vector<float>> vectors = MemoryMarshal.Cast<float, Vector<float>>(values);
        ReadOnlySpan<Vector<double>> wide = MemoryMarshal.Cast<double, Vector<double>>(subtracted)[..(2 * vectors.Length)];
        for (int i = 0; i < vectors.Length; i++)
        {
            Vector.Widen(vectors[i], out Vector<double> low, out Vector<double> high);
            vectors[i] = Vector.Narrow(low - wide[2 * i], high - wide[(2 * i) + 1]);
        }

        for (int i = vectors.Length * Vector<float>.Count; i < values.Length; i++)
        {
            values[i] = (float)(values[i] - subtracted[i]);
        }
    }

    /// <summary>The sum of the squares.</summary>
    /// <param name="values">The values.</param>
    public static double OfSquares(ReadOnlySpan<float> values)
    {
        ReadOnlySpan<Vector<float>> vectors = MemoryMarshal.Cast<float, Vector<float>>(values);
        Vector<double> first = Vector<double>.Zero;
        Vector<double> second = Vector<double>.Zero;
        foreach (Vector<float> vector in vectors)
        {
            Vector.Widen(vector, out Vector<double> low, out Vector<double> high);
            first += low * low;
            second += high * high;
        }

        double sum = Vector.Sum(first + second);
        for (int i = vectors.Length * Vector<float>.Count; i < values.Length; i++)
        {
            sum += values[i] * (double)values[i];
        }

        return sum;
    }
}
