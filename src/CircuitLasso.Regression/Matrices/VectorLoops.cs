using System.Numerics;
using System.Runtime.InteropServices;

namespace CircuitLasso.Regression;

/// <summary>The two loops that every solver lives on. The order of summation is fixed by the length alone, never by an address, so results repeat.</summary>
internal static class VectorLoops
{
    /// <summary>Sum over i of x[i] y[i].</summary>
    public static double Dot(ReadOnlySpan<double> x, ReadOnlySpan<double> y)
    {
        y = y[..x.Length];
        ReadOnlySpan<Vector<double>> left = MemoryMarshal.Cast<double, Vector<double>>(x);
        ReadOnlySpan<Vector<double>> right = MemoryMarshal.Cast<double, Vector<double>>(y)[..left.Length];
        Vector<double> sum0 = Vector<double>.Zero, sum1 = Vector<double>.Zero, sum2 = Vector<double>.Zero, sum3 = Vector<double>.Zero;
        int i = 0;
        for (; i + 3 < left.Length; i += 4)
        {
            sum0 += left[i] * right[i];
            sum1 += left[i + 1] * right[i + 1];
            sum2 += left[i + 2] * right[i + 2];
            sum3 += left[i + 3] * right[i + 3];
        }

        for (; i < left.Length; i++)
        {
            sum0 += left[i] * right[i];
        }

        double total = Vector.Sum((sum0 + sum1) + (sum2 + sum3));
        for (int k = left.Length * Vector<double>.Count; k < x.Length; k++)
        {
            total += x[k] * y[k];
        }

        return total;
    }

    /// <summary>y[i] += factor x[i].</summary>
    public static void AddScaled(double factor, ReadOnlySpan<double> x, Span<double> y)
    {
        y = y[..x.Length];
        ReadOnlySpan<Vector<double>> source = MemoryMarshal.Cast<double, Vector<double>>(x);
        Span<Vector<double>> sum = MemoryMarshal.Cast<double, Vector<double>>(y)[..source.Length];
        Vector<double> scale = new(factor);
        for (int i = 0; i < source.Length; i++)
        {
            sum[i] += scale * source[i];
        }

        for (int k = source.Length * Vector<double>.Count; k < x.Length; k++)
        {
            y[k] += factor * x[k];
        }
    }

    /// <summary>y[i] += factor x[i], all in float32.</summary>
    public static void AddScaled(float factor, ReadOnlySpan<float> x, Span<float> y)
    {
        y = y[..x.Length];
        ReadOnlySpan<Vector<float>> source = MemoryMarshal.Cast<float, Vector<float>>(x);
        Span<Vector<float>> sum = MemoryMarshal.Cast<float, Vector<float>>(y)[..source.Length];
        Vector<float> scale = new(factor);
        for (int i = 0; i < source.Length; i++)
        {
            sum[i] += scale * source[i];
        }

        for (int k = source.Length * Vector<float>.Count; k < x.Length; k++)
        {
            y[k] += factor * x[k];
        }
    }

    /// <summary>y[i] += factor x[i], with x widened to float64.</summary>
    public static void AddScaled(double factor, ReadOnlySpan<float> x, Span<double> y)
    {
        y = y[..x.Length];
        ReadOnlySpan<Vector<float>> source = MemoryMarshal.Cast<float, Vector<float>>(x);
        Span<Vector<double>> sum = MemoryMarshal.Cast<double, Vector<double>>(y);
        sum = sum[..(2 * source.Length)];
        Vector<double> scale = new(factor);
        for (int i = 0; i < source.Length; i++)
        {
            Vector.Widen(source[i], out Vector<double> low, out Vector<double> high);
            sum[2 * i] += scale * low;
            sum[(2 * i) + 1] += scale * high;
        }

        for (int k = source.Length * Vector<float>.Count; k < x.Length; k++)
        {
            y[k] += factor * x[k];
        }
    }

    /// <summary>Sum over i of x[i] y[i], with x widened to float64.</summary>
    public static double Dot(ReadOnlySpan<float> x, ReadOnlySpan<double> y)
    {
        y = y[..x.Length];
        ReadOnlySpan<Vector<float>> source = MemoryMarshal.Cast<float, Vector<float>>(x);
        ReadOnlySpan<Vector<double>> right = MemoryMarshal.Cast<double, Vector<double>>(y);
        right = right[..(2 * source.Length)];
        Vector<double> lowSum = Vector<double>.Zero, highSum = Vector<double>.Zero;
        for (int i = 0; i < source.Length; i++)
        {
            Vector.Widen(source[i], out Vector<double> low, out Vector<double> high);
            lowSum += low * right[2 * i];
            highSum += high * right[(2 * i) + 1];
        }

        double total = Vector.Sum(lowSum + highSum);
        for (int k = source.Length * Vector<float>.Count; k < x.Length; k++)
        {
            total += x[k] * y[k];
        }

        return total;
    }

    /// <summary>Sum over i of values[i] y[indices[i]].</summary>
    public static double Dot(ReadOnlySpan<int> indices, ReadOnlySpan<float> values, ReadOnlySpan<double> y)
    {
        values = values[..indices.Length];
        double even = 0, odd = 0;
        int i = 0;
        for (; i + 1 < indices.Length; i += 2)
        {
            even += values[i] * y[indices[i]];
            odd += values[i + 1] * y[indices[i + 1]];
        }

        return i < indices.Length ? even + odd + (values[i] * y[indices[i]]) : even + odd;
    }

    /// <summary>y[indices[i]] += factor values[i].</summary>
    public static void Scatter(double factor, ReadOnlySpan<int> indices, ReadOnlySpan<float> values, Span<double> y)
    {
        values = values[..indices.Length];
        for (int i = 0; i < indices.Length; i++)
        {
            y[indices[i]] += factor * values[i];
        }
    }

    /// <summary>The largest |x[i]|; zero for nothing.</summary>
    public static double LargestMagnitude(ReadOnlySpan<double> x)
    {
        ReadOnlySpan<Vector<double>> source = MemoryMarshal.Cast<double, Vector<double>>(x);
        Vector<double> largest = Vector<double>.Zero;
        foreach (Vector<double> values in source)
        {
            largest = Vector.Max(largest, Vector.Abs(values));
        }

        double result = 0;
        for (int i = 0; i < Vector<double>.Count; i++)
        {
            result = Math.Max(result, largest[i]);
        }

        for (int k = source.Length * Vector<double>.Count; k < x.Length; k++)
        {
            result = Math.Max(result, Math.Abs(x[k]));
        }

        return result;
    }
}
