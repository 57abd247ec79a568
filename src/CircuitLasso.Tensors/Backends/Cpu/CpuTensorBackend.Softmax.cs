using System.Numerics;
using System.Numerics.Tensors;

namespace CircuitLasso.Tensors;

internal sealed unsafe partial class CpuTensorBackend
{
    public void Softmax(bool logarithm, long rows, int width, TensorStorage x, TensorStorage y)
    {
        float* source = Pointer(x);
        float* target = Pointer(y);
        ForRows(rows, width, (start, count) =>
        {
            for (long row = start; row < start + count; row++)
            {
                float* from = source + (row * width);
                float* to = target + (row * width);
                if (!logarithm)
                {
                    SoftmaxRow(from, width, to);
                    continue;
                }

                float maximum = Lanes.Max(from, width);
                ExpOfDifference(from, maximum, width, to);
                float logSum = (float)(maximum + Math.Log(Lanes.Sum(to, width)));
                TensorPrimitives.Subtract(new ReadOnlySpan<float>(from, width), logSum, new Span<float>(to, width));
            }
        });
    }

    public void SoftmaxGradient(bool logarithm, long rows, int width, TensorStorage y, TensorStorage dy, TensorStorage dx)
    {
        float* result = Pointer(y);
        float* above = Pointer(dy);
        float* target = Pointer(dx);
        ForRows(rows, width, (start, count) =>
        {
            for (long row = start; row < start + count; row++)
            {
                float* output = result + (row * width);
                float* from = above + (row * width);
                float* to = target + (row * width);
                Span<float> gradient = new(to, width);
                ReadOnlySpan<float> seed = new(from, width);
                if (logarithm)
                {
                    // dx = dy - softmax sum(dy)
                    ExpOfDifference(output, 0, width, to);
                    TensorPrimitives.FusedMultiplyAdd(gradient, -Lanes.Sum(from, width), seed, gradient);
                }
                else
                {
                    // dx = y (dy - y . dy)
                    TensorPrimitives.Subtract(seed, Lanes.Dot(output, from, width), gradient);
                    TensorPrimitives.Multiply(gradient, new ReadOnlySpan<float>(output, width), gradient);
                }
            }
        });
    }

    public void MaskedSoftmax(AttentionMask mask, int batch, int heads, int queries, int keys, TensorStorage x, TensorStorage y)
    {
        float* source = Pointer(x);
        float* target = Pointer(y);
        ForRows((long)batch * heads * queries, keys, (start, count) =>
        {
            for (long row = start; row < start + count; row++)
            {
                (long block, long query) = Math.DivRem(row, queries);
                (int first, int end) = mask.Visible((int)(block / heads), (int)query, queries, keys);
                float* to = target + (row * keys);
                new Span<float>(to, first).Clear();
                SoftmaxRow(source + (row * keys) + first, end - first, to + first);
                new Span<float>(to + end, keys - end).Clear();
            }
        });
    }

    public void CrossEntropy(TensorStorage logits, ReadOnlySpan<int> targets, int ignored, int classes, TensorStorage logSums, TensorStorage loss)
    {
        float* source = Pointer(logits);
        float* sums = Pointer(logSums);
        int rows = targets.Length;
        double[] losses = new double[rows];
        fixed (int* pinned = targets)
        {
            int* target = pinned;
            ForRows(rows, classes, (start, count) =>
            {
                for (long row = start; row < start + count; row++)
                {
                    sums[row] = 0;
                    if (target[row] != ignored)
                    {
                        float* from = source + (row * classes);
                        sums[row] = LogSumExp(from, classes);
                        losses[row] = (double)sums[row] - from[target[row]];
                    }
                }
            });
        }

        int counted = rows - targets.Count(ignored);
        *Pointer(loss) = counted == 0 ? 0 : (float)(InOrder(losses) / counted);
    }

    public void CrossEntropyGradient(TensorStorage logits, ReadOnlySpan<int> targets, int ignored, int classes, TensorStorage logSums, TensorStorage dloss, TensorStorage dlogits)
    {
        float* source = Pointer(logits);
        float* sums = Pointer(logSums);
        float* result = Pointer(dlogits);
        float factor = *Pointer(dloss) / Math.Max(1, targets.Length - targets.Count(ignored));
        fixed (int* pinned = targets)
        {
            int* target = pinned;
            ForRows(targets.Length, classes, (start, count) =>
            {
                for (long row = start; row < start + count; row++)
                {
                    float* to = result + (row * classes);
                    Span<float> gradient = new(to, classes);
                    if (target[row] == ignored)
                    {
                        gradient.Clear();
                        continue;
                    }

                    ExpOfDifference(source + (row * classes), sums[row], classes, to);
                    to[target[row]] -= 1;
                    TensorPrimitives.Multiply(gradient, factor, gradient);
                }
            });
        }
    }

    /// <summary>y := softmax of x, which may be y.</summary>
    /// <returns>The maximum and the factor of e^(x - maximum); zeros of no elements.</returns>
    private static (float Maximum, float Factor) SoftmaxRow(float* x, int length, float* y)
    {
        if (length == 0)
        {
            return default;
        }

        float maximum = Lanes.Max(x, length);
        ExpOfDifference(x, maximum, length, y);
        float factor = 1 / Lanes.Sum(y, length);
        TensorPrimitives.Multiply(new ReadOnlySpan<float>(y, length), factor, new Span<float>(y, length));
        return (maximum, factor);
    }

    private static float LogSumExp(float* x, int length)
    {
        float maximum = Lanes.Max(x, length);
        float* buffer = stackalloc float[SumChunk];
        double sum = 0;
        for (int start = 0; start < length; start += SumChunk)
        {
            int count = Math.Min(SumChunk, length - start);
            ExpOfDifference(x + start, maximum, count, buffer);
            sum += Lanes.Sum(buffer, count);
        }

        return (float)(maximum + Math.Log(sum));
    }

    /// <summary>y := e^(x - shift), where what is far below the largest number counts as 0; y may be x.</summary>
    private static void ExpOfDifference(float* x, float shift, int length, float* y)
    {
        Vector<float> shifts = new(shift);
        int i = 0;
        for (; i <= length - Vector<float>.Count; i += Vector<float>.Count)
        {
            VectorFunctions.ExpFlushed(Vector.Load(x + i) - shifts).Store(y + i);
        }

        if (i < length)
        {
            StorePart(VectorFunctions.ExpFlushed(LoadPart(x + i, length - i) - shifts), y + i, length - i);
        }
    }
}
