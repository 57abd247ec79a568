using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace CircuitLasso.Numerics;

/// <summary>Copies a block into panels, the order in which the micro-kernels read.</summary>
internal static unsafe class PanelPacking
{
    /// <summary>
    /// Cuts <paramref name="count"/> lines into panels of <paramref name="width"/> lines. In a panel the elements of all its lines at one depth lie
    /// side by side, depth after depth; missing lines of the last panel are zero.
    /// </summary>
    /// <param name="source">The first element.</param>
    /// <param name="lineStride">Elements from one line to the next; one of the two strides is one.</param>
    /// <param name="depthStride">Elements from one depth to the next; one unless the other stride is one.</param>
    /// <param name="count">Number of lines.</param>
    /// <param name="depth">Number of elements of a line.</param>
    /// <param name="width">Lines of a panel.</param>
    /// <param name="panels">Receives the panels.</param>
    public static void Pack<T>(T* source, nint lineStride, nint depthStride, int count, int depth, int width, T* panels)
        where T : unmanaged, IFloatingPointIeee754<T>
    {
        for (int line = 0; line < count; line += width, panels += (nint)width * depth, source += width * lineStride)
        {
            int lines = Math.Min(width, count - line);
            if (lines < width)
            {
                new Span<T>(panels, width * depth).Clear();
            }

            if (lineStride == 1)
            {
                CopyRows(source, depthStride, lines, depth, width, panels);
            }
            else
            {
                Transpose(source, lineStride, lines, depth, width, panels);
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void CopyRows<T>(T* source, nint depthStride, int lines, int depth, int width, T* panel)
        where T : unmanaged
    {
        for (int p = 0; p < depth; p++, source += depthStride, panel += width)
        {
            int line = 0;
            for (; line <= lines - Vector<T>.Count; line += Vector<T>.Count)
            {
                Vector.Store(Vector.Load(source + line), panel + line);
            }

            for (; line < lines; line++)
            {
                panel[line] = source[line];
            }
        }
    }

    // Four lines at a time: each line is read in order, and four neighbouring elements are written together.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Transpose<T>(T* source, nint lineStride, int lines, int depth, int width, T* panel)
        where T : unmanaged
    {
        int line = 0;
        for (; line <= lines - 4; line += 4)
        {
            T* first = source + (line * lineStride);
            T* second = first + lineStride;
            T* third = second + lineStride;
            T* fourth = third + lineStride;
            T* to = panel + line;
            nint p = 0;
            if (Sse.IsSupported && typeof(T) == typeof(float))
            {
                for (; p <= depth - 4; p += 4, to += 4 * width)
                {
                    TransposeFour((float*)first + p, (float*)second + p, (float*)third + p, (float*)fourth + p, (float*)to, width);
                }
            }
            else if (Avx.IsSupported && typeof(T) == typeof(double))
            {
                for (; p <= depth - 4; p += 4, to += 4 * width)
                {
                    TransposeFour((double*)first + p, (double*)second + p, (double*)third + p, (double*)fourth + p, (double*)to, width);
                }
            }

            for (; p < depth; p++, to += width)
            {
                to[0] = first[p];
                to[1] = second[p];
                to[2] = third[p];
                to[3] = fourth[p];
            }
        }

        for (; line < lines; line++)
        {
            T* from = source + (line * lineStride);
            T* to = panel + line;
            for (nint p = 0; p < depth; p++, to += width)
            {
                *to = from[p];
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void TransposeFour(float* first, float* second, float* third, float* fourth, float* to, nint width)
    {
        Vector128<float> a = Vector128.Load(first);
        Vector128<float> b = Vector128.Load(second);
        Vector128<float> c = Vector128.Load(third);
        Vector128<float> d = Vector128.Load(fourth);
        Vector128<float> lowAB = Sse.UnpackLow(a, b);
        Vector128<float> lowCD = Sse.UnpackLow(c, d);
        Vector128<float> highAB = Sse.UnpackHigh(a, b);
        Vector128<float> highCD = Sse.UnpackHigh(c, d);
        Sse.MoveLowToHigh(lowAB, lowCD).Store(to);
        Sse.MoveHighToLow(lowCD, lowAB).Store(to + width);
        Sse.MoveLowToHigh(highAB, highCD).Store(to + (2 * width));
        Sse.MoveHighToLow(highCD, highAB).Store(to + (3 * width));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void TransposeFour(double* first, double* second, double* third, double* fourth, double* to, nint width)
    {
        Vector256<double> a = Vector256.Load(first);
        Vector256<double> b = Vector256.Load(second);
        Vector256<double> c = Vector256.Load(third);
        Vector256<double> d = Vector256.Load(fourth);
        Vector256<double> evenAB = Avx.UnpackLow(a, b);
        Vector256<double> evenCD = Avx.UnpackLow(c, d);
        Vector256<double> oddAB = Avx.UnpackHigh(a, b);
        Vector256<double> oddCD = Avx.UnpackHigh(c, d);
        Avx.Permute2x128(evenAB, evenCD, 0x20).Store(to);
        Avx.Permute2x128(oddAB, oddCD, 0x20).Store(to + width);
        Avx.Permute2x128(evenAB, evenCD, 0x31).Store(to + (2 * width));
        Avx.Permute2x128(oddAB, oddCD, 0x31).Store(to + (3 * width));
    }
}
