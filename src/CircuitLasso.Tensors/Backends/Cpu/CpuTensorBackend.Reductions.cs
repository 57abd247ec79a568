using System.Numerics.Tensors;

namespace CircuitLasso.Tensors;

internal sealed unsafe partial class CpuTensorBackend
{
    private const int SumChunk = 4096;
    private const int RowsPerSumChunk = 64;

    public void Sum(AxisLayout layout, TensorStorage x, TensorStorage y)
    {
        if (layout.Outer * layout.Inner == 0)
        {
            return;
        }

        if (layout.Length == 0)
        {
            Fill(y, 0);
        }
        else if (layout.Inner == 1)
        {
            SumRows(layout.Outer, layout.Length, Pointer(x), Pointer(y));
        }
        else
        {
            SumColumns(layout, Pointer(x), Pointer(y));
        }
    }

    public void Maximum(AxisLayout layout, TensorStorage x, TensorStorage y)
    {
        float* source = Pointer(x);
        float* target = Pointer(y);
        long block = layout.Length * layout.Inner;
        ForRows(layout.Outer, block, (start, count) =>
        {
            for (long o = start; o < start + count; o++)
            {
                if (layout.Inner == 1)
                {
                    target[o] = TensorPrimitives.Max(new ReadOnlySpan<float>(source + (o * block), checked((int)layout.Length)));
                    continue;
                }

                Span<float> maximum = new(target + (o * layout.Inner), checked((int)layout.Inner));
                new ReadOnlySpan<float>(source + (o * block), maximum.Length).CopyTo(maximum);
                for (long i = 1; i < layout.Length; i++)
                {
                    TensorPrimitives.Max(maximum, new ReadOnlySpan<float>(source + (o * block) + (i * layout.Inner), maximum.Length), maximum);
                }
            }
        });
    }

    public void MaximumGradient(AxisLayout layout, TensorStorage x, TensorStorage y, TensorStorage dy, TensorStorage dx)
    {
        Fill(dx, 0);
        float* source = Pointer(x);
        float* maximum = Pointer(y);
        float* above = Pointer(dy);
        float* target = Pointer(dx);
        ForRows(layout.Outer * layout.Inner, layout.Length, (start, count) =>
        {
            for (long column = start; column < start + count; column++)
            {
                (long o, long j) = Math.DivRem(column, layout.Inner);
                for (long i = 0; i < layout.Length; i++)
                {
                    long at = (((o * layout.Length) + i) * layout.Inner) + j;
                    if (source[at] == maximum[column] || float.IsNaN(source[at]))
                    {
                        target[at] = above[column];
                        break;
                    }
                }
            }
        });
    }

    public double SumOfSquares(TensorStorage x)
    {
        float* source = Pointer(x);
        double[] partial = new double[(x.Length + SumChunk - 1) / SumChunk];
        ForRanges(x.Length, SumChunk, (start, count) =>
        {
            double sum = 0;
            for (long i = start; i < start + count; i++)
            {
                sum += (double)source[i] * source[i];
            }

            partial[start / SumChunk] = sum;
        });
        return InOrder(partial);
    }

    private static void SumRows(long rows, long width, float* source, float* target)
    {
        int chunks = checked((int)((width + SumChunk - 1) / SumChunk));
        if (chunks == 1)
        {
            ForRows(rows, width, (start, count) =>
            {
                for (long row = start; row < start + count; row++)
                {
                    target[row] = Lanes.Sum(source + (row * width), (int)width);
                }
            });
            return;
        }

        double[] partial = new double[chunks];
        for (long row = 0; row < rows; row++)
        {
            float* from = source + (row * width);
            ForRanges(width, SumChunk, (start, count) => partial[start / SumChunk] = Lanes.Sum(from + start, count));
            target[row] = (float)InOrder(partial);
        }
    }

    /// <summary>Sums over the middle axis: chunks of rows are summed apart, and the chunks then in order.</summary>
    private void SumColumns(AxisLayout layout, float* source, float* target)
    {
        int inner = checked((int)layout.Inner);
        int chunks = checked((int)((layout.Length + RowsPerSumChunk - 1) / RowsPerSumChunk));
        CpuTensorStorage? partial = chunks == 1 ? null : (CpuTensorStorage)Allocate(layout.Outer * chunks * inner, zeroed: false);
        float* sums = partial is null ? target : partial.Pointer;
        ForTasks(checked((int)(layout.Outer * chunks)), layout.Outer * layout.Length * inner <= ElementsPerTask, task =>
        {
            (int o, int chunk) = Math.DivRem(task, chunks);
            long first = (long)chunk * RowsPerSumChunk;
            SumBlock(source + (((o * layout.Length) + first) * inner), (int)Math.Min(RowsPerSumChunk, layout.Length - first), inner, sums + ((long)task * inner));
        });
        if (partial is not null)
        {
            for (long o = 0; o < layout.Outer; o++)
            {
                SumBlock(sums + (o * chunks * inner), chunks, inner, target + (o * inner));
            }

            partial.Release();
        }
    }

    private static void SumBlock(float* rows, int count, int width, float* sum)
    {
        Span<float> total = new(sum, width);
        new ReadOnlySpan<float>(rows, width).CopyTo(total);
        for (long i = 1; i < count; i++)
        {
            TensorPrimitives.Add(total, new ReadOnlySpan<float>(rows + (i * width), width), total);
        }
    }

    private static double InOrder(double[] partial)
    {
        double sum = 0;
        foreach (double part in partial)
        {
            sum += part;
        }

        return sum;
    }
}
