using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace CircuitLasso.Regression;

/// <summary>The two loops that every solver lives on. The order of summation is fixed by the length alone, never by an address, so results repeat.</summary>
internal static class VectorLoops
{
    /// <summary>Sum over i of x[i] y[i].</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
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
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void AddScaled<T>(T factor, ReadOnlySpan<T> x, Span<T> y)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        y = y[..x.Length];
        ReadOnlySpan<Vector<T>> source = MemoryMarshal.Cast<T, Vector<T>>(x);
        Span<Vector<T>> sum = MemoryMarshal.Cast<T, Vector<T>>(y)[..source.Length];
        Vector<T> scale = new(factor);
        for (int i = 0; i < source.Length; i++)
        {
            sum[i] += scale * source[i];
        }

        for (int k = source.Length * Vector<T>.Count; k < x.Length; k++)
        {
            y[k] += factor * x[k];
        }
    }

    /// <summary>y[i] += factor x[i], with x widened to float64.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
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
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
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

    /// <summary>Sum over i of (x[i] - centre)^2, in float64.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static double SumOfSquares(ReadOnlySpan<float> x, double centre)
    {
        ReadOnlySpan<Vector<float>> source = MemoryMarshal.Cast<float, Vector<float>>(x);
        Vector<double> lowSum = Vector<double>.Zero, highSum = Vector<double>.Zero, middle = new(centre);
        for (int i = 0; i < source.Length; i++)
        {
            Vector.Widen(source[i], out Vector<double> low, out Vector<double> high);
            lowSum += (low - middle) * (low - middle);
            highSum += (high - middle) * (high - middle);
        }

        double total = Vector.Sum(lowSum + highSum);
        for (int k = source.Length * Vector<float>.Count; k < x.Length; k++)
        {
            total += (x[k] - centre) * (x[k] - centre);
        }

        return total;
    }

    /// <summary>Sum over i of values[i] y[indices[i]].</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
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

    /// <summary>y[i] += the sum of four factors times as many vectors, widened to float64.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void AddScaled(
        double factor0, ReadOnlySpan<float> x0, double factor1, ReadOnlySpan<float> x1, double factor2, ReadOnlySpan<float> x2, double factor3, ReadOnlySpan<float> x3, Span<double> y)
    {
        ReadOnlySpan<Vector<float>> source0 = MemoryMarshal.Cast<float, Vector<float>>(x0[..y.Length]);
        ReadOnlySpan<Vector<float>> source1 = MemoryMarshal.Cast<float, Vector<float>>(x1[..y.Length])[..source0.Length];
        ReadOnlySpan<Vector<float>> source2 = MemoryMarshal.Cast<float, Vector<float>>(x2[..y.Length])[..source0.Length];
        ReadOnlySpan<Vector<float>> source3 = MemoryMarshal.Cast<float, Vector<float>>(x3[..y.Length])[..source0.Length];
        Span<Vector<double>> sum = MemoryMarshal.Cast<double, Vector<double>>(y);
        sum = sum[..(2 * source0.Length)];
        Vector<double> scale0 = new(factor0), scale1 = new(factor1), scale2 = new(factor2), scale3 = new(factor3);
        for (int i = 0; i < source0.Length; i++)
        {
            Vector.Widen(source0[i], out Vector<double> low0, out Vector<double> high0);
            Vector.Widen(source1[i], out Vector<double> low1, out Vector<double> high1);
            Vector.Widen(source2[i], out Vector<double> low2, out Vector<double> high2);
            Vector.Widen(source3[i], out Vector<double> low3, out Vector<double> high3);
            Vector<double> low = Vector.FusedMultiplyAdd(scale1, low1, Vector.FusedMultiplyAdd(scale0, low0, sum[2 * i]));
            Vector<double> high = Vector.FusedMultiplyAdd(scale1, high1, Vector.FusedMultiplyAdd(scale0, high0, sum[(2 * i) + 1]));
            sum[2 * i] = Vector.FusedMultiplyAdd(scale3, low3, Vector.FusedMultiplyAdd(scale2, low2, low));
            sum[(2 * i) + 1] = Vector.FusedMultiplyAdd(scale3, high3, Vector.FusedMultiplyAdd(scale2, high2, high));
        }

        for (int k = source0.Length * Vector<float>.Count; k < y.Length; k++)
        {
            double sum01 = Math.FusedMultiplyAdd(factor1, x1[k], Math.FusedMultiplyAdd(factor0, x0[k], y[k]));
            y[k] = Math.FusedMultiplyAdd(factor3, x3[k], Math.FusedMultiplyAdd(factor2, x2[k], sum01));
        }
    }

    /// <summary>y[indices[i]] += factor values[i].</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Scatter(double factor, ReadOnlySpan<int> indices, ReadOnlySpan<float> values, Span<double> y)
    {
        values = values[..indices.Length];
        for (int i = 0; i < indices.Length; i++)
        {
            y[indices[i]] += factor * values[i];
        }
    }

    /// <summary>The largest |x[i]|; zero for nothing.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
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
