using System.Numerics.Tensors;
using CircuitLasso.Numerics;

namespace CircuitLasso.Tensors;

internal sealed unsafe partial class CpuTensorBackend
{
    private const int ColumnsPerScatterTask = 128;

    public void Copy(StridedPair walk, TensorStorage source, long sourceOffset, TensorStorage target, long targetOffset, bool accumulate)
    {
        float* from = Pointer(source) + sourceOffset;
        float* to = Pointer(target) + targetOffset;
        long inner = walk.Shape[^1];
        long stepFrom = walk.FirstStrides[^1];
        long stepTo = walk.SecondStrides[^1];
        ForRanges(walk.Length, ElementsPerTask, (start, count) =>
        {
            long end = start + count;
            for (long position = start; position < end;)
            {
                (long offsetFrom, long offsetTo, long within) = Offsets(walk, position);
                int run = (int)Math.Min(inner - within, end - position);
                CopyRun(from + offsetFrom, stepFrom, to + offsetTo, stepTo, run, accumulate);
                position += run;
            }
        });
    }

    public void GatherRows(TensorStorage table, ReadOnlySpan<int> indices, int width, TensorStorage y)
    {
        CpuTensorStorage source = Own(table);
        float* target = Pointer(y);
        fixed (int* pinned = indices)
        {
            int* rows = pinned;
            ForRows(indices.Length, width, (start, count) =>
            {
                for (long i = start; i < start + count; i++)
                {
                    Widen(source, (long)rows[i] * width, new Span<float>(target + (i * width), width));
                }
            });
        }
    }

    public void ScatterAddRows(TensorStorage source, ReadOnlySpan<int> indices, int width, TensorStorage table)
    {
        float* from = Pointer(source);
        float* to = Pointer(table);
        int count = indices.Length;
        fixed (int* pinned = indices)
        {
            // Rows may come twice, so tasks split the columns and each goes through the rows in order.
            int* rows = pinned;
            ForRanges(width, ColumnsPerScatterTask, (start, columns) =>
            {
                for (int i = 0; i < count; i++)
                {
                    Span<float> sum = new(to + ((long)rows[i] * width) + start, columns);
                    TensorPrimitives.Add(sum, new ReadOnlySpan<float>(from + ((long)i * width) + start, columns), sum);
                }
            });
        }
    }

    public void SelectColumns(TensorStorage x, ReadOnlySpan<int> indices, int width, TensorStorage y)
    {
        float* source = Pointer(x);
        float* target = Pointer(y);
        for (int i = 0; i < indices.Length; i++)
        {
            target[i] = source[((long)i * width) + indices[i]];
        }
    }

    public void ScatterAddColumns(TensorStorage source, ReadOnlySpan<int> indices, int width, TensorStorage x)
    {
        float* from = Pointer(source);
        float* to = Pointer(x);
        for (int i = 0; i < indices.Length; i++)
        {
            to[((long)i * width) + indices[i]] += from[i];
        }
    }

    public void Rotate(RotaryLayout layout, ReadOnlySpan<float> cosines, ReadOnlySpan<float> sines, TensorStorage x, TensorStorage y)
    {
        float* source = Pointer(x);
        float* target = Pointer(y);
        int pairs = layout.RotatedWidth / 2;
        fixed (float* pinnedCosines = cosines, pinnedSines = sines)
        {
            float* cosine = pinnedCosines;
            float* sine = pinnedSines;
            ForRows(layout.Rows, (long)layout.Heads * layout.HeadWidth, (start, count) =>
            {
                for (long row = start; row < start + count; row++)
                {
                    long tableRow = row % layout.TableRows * pairs;
                    for (int head = 0; head < layout.Heads; head++)
                    {
                        long offset = ((row * layout.Heads) + head) * layout.HeadWidth;
                        RotateHead(source + offset, target + offset, cosine + tableRow, sine + tableRow, pairs, layout.Inverse);
                        int rest = layout.HeadWidth - layout.RotatedWidth;
                        new ReadOnlySpan<float>(source + offset + layout.RotatedWidth, rest).CopyTo(new Span<float>(target + offset + layout.RotatedWidth, rest));
                    }
                }
            });
        }
    }

    private static void RotateHead(float* x, float* y, float* cosine, float* sine, int pairs, bool inverse)
    {
        float* otherX = x + pairs;
        float* otherY = y + pairs;
        int i = 0;
        System.Numerics.Vector<float> sign = new(inverse ? -1f : 1f);
        for (; i <= pairs - System.Numerics.Vector<float>.Count; i += System.Numerics.Vector<float>.Count)
        {
            System.Numerics.Vector<float> c = System.Numerics.Vector.Load(cosine + i);
            System.Numerics.Vector<float> s = System.Numerics.Vector.Load(sine + i) * sign;
            System.Numerics.Vector<float> a = System.Numerics.Vector.Load(x + i);
            System.Numerics.Vector<float> b = System.Numerics.Vector.Load(otherX + i);
            System.Numerics.Vector.Store((a * c) - (b * s), y + i);
            System.Numerics.Vector.Store((b * c) + (a * s), otherY + i);
        }

        for (; i < pairs; i++)
        {
            float s = inverse ? -sine[i] : sine[i];
            float a = x[i];
            float b = otherX[i];
            y[i] = (a * cosine[i]) - (b * s);
            otherY[i] = (b * cosine[i]) + (a * s);
        }
    }

    private static void CopyRun(float* from, long stepFrom, float* to, long stepTo, int count, bool accumulate)
    {
        if (stepTo == 1 && stepFrom == 1)
        {
            Span<float> target = new(to, count);
            ReadOnlySpan<float> source = new(from, count);
            if (accumulate)
            {
                TensorPrimitives.Add(target, source, target);
            }
            else
            {
                source.CopyTo(target);
            }
        }
        else if (stepTo == 1 && stepFrom == 0)
        {
            Span<float> target = new(to, count);
            if (accumulate)
            {
                TensorPrimitives.Add(target, *from, target);
            }
            else
            {
                target.Fill(*from);
            }
        }
        else
        {
            for (int i = 0; i < count; i++)
            {
                float value = from[i * stepFrom];
                to[i * stepTo] = accumulate ? to[i * stepTo] + value : value;
            }
        }
    }
}
