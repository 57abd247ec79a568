using System.Diagnostics;

namespace CircuitLasso.Numerics;

/// <summary>Measures what the machine does of matrix products, so that the time of a work can be told before it starts.</summary>
public static class MatrixRate
{
    private const int Side = 768;
    private static readonly TimeSpan _enough = TimeSpan.FromMilliseconds(60);

    /// <summary>Multiplications and additions a second of float32 products on all threads, as busy as the machine is now; takes about a tenth of a second.</summary>
    public static double Measure()
    {
        using NativeBuffer<float> a = new((nint)Side * Side);
        using NativeBuffer<float> b = new((nint)Side * Side);
        using NativeBuffer<float> c = new((nint)Side * Side);
        double best = double.MaxValue;
        long start = Stopwatch.GetTimestamp();
        do
        {
            long before = Stopwatch.GetTimestamp();
            MatrixProduct.Gemm(false, false, Side, Side, Side, 1f, a.Span, Side, b.Span, Side, 0f, c.Span, Side);
            best = Math.Min(best, Stopwatch.GetElapsedTime(before).TotalSeconds);
        }
        while (Stopwatch.GetElapsedTime(start) < _enough);
        return 2.0 * Side * Side * Side / Math.Max(best, 1e-9);
    }
}
