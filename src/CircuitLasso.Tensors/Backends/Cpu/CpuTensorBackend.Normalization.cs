using System.Numerics;
using System.Numerics.Tensors;

namespace CircuitLasso.Tensors;

internal sealed unsafe partial class CpuTensorBackend
{
    private const int RowsPerNormalizationChunk = 32;

    public void Normalize(NormalizationLayout layout, TensorStorage x, TensorStorage? gain, TensorStorage? bias, TensorStorage y, TensorStorage statistics)
    {
        float* source = Pointer(x);
        float* target = Pointer(y);
        float* gains = PointerOrNull(gain);
        float* biases = PointerOrNull(bias);
        float* moments = Pointer(statistics);
        int width = layout.Width;
        ForRows(layout.Rows, width, (start, count) =>
        {
            for (long row = start; row < start + count; row++)
            {
                float* from = source + (row * width);
                float mean = layout.Centred ? Lanes.Sum(from, width) / width : 0;
                float variance = Lanes.SumOfSquaredDeviations(from, mean, width) / width;
                float reciprocal = 1 / MathF.Sqrt(variance + layout.Epsilon);
                moments[2 * row] = mean;
                moments[(2 * row) + 1] = reciprocal;
                NormalizeRow(from, mean, reciprocal, gains, layout.GainOffset, biases, target + (row * width), width);
            }
        });
    }

    public void NormalizeGradient(NormalizationLayout layout, TensorStorage x, TensorStorage? gain, TensorStorage statistics, TensorStorage dy, TensorStorage? dx, TensorStorage? dgain, TensorStorage? dbias)
    {
        float* source = Pointer(x);
        float* above = Pointer(dy);
        float* gains = PointerOrNull(gain);
        float* moments = Pointer(statistics);
        float* target = PointerOrNull(dx);
        int width = layout.Width;
        int chunks = checked((int)((layout.Rows + RowsPerNormalizationChunk - 1) / RowsPerNormalizationChunk));

        // Each chunk sums its rows' gain and bias gradients apart; its two rows of the work space also hold one row's normalised x and scaled dy.
        CpuTensorStorage work = (CpuTensorStorage)Allocate(4L * chunks * width, zeroed: false);
        float* space = work.Pointer;
        float* gainSums = space;
        float* biasSums = space + ((long)chunks * width);
        float* rowSpace = space + (2L * chunks * width);
        ForTasks(chunks, layout.Rows * width <= ElementsPerTask, chunk =>
        {
            float* gainSum = gainSums + ((long)chunk * width);
            float* biasSum = biasSums + ((long)chunk * width);
            float* normalized = rowSpace + (2L * chunk * width);
            float* scaled = normalized + width;
            new Span<float>(gainSum, width).Clear();
            new Span<float>(biasSum, width).Clear();
            long end = Math.Min(layout.Rows, (chunk + 1L) * RowsPerNormalizationChunk);
            for (long row = (long)chunk * RowsPerNormalizationChunk; row < end; row++)
            {
                float* from = above + (row * width);
                ReadOnlySpan<float> seed = new(from, width);
                float reciprocal = moments[(2 * row) + 1];
                NormalizeRow(source + (row * width), moments[2 * row], reciprocal, null, 0, null, normalized, width);
                if (dgain is not null)
                {
                    TensorPrimitives.MultiplyAdd(seed, new ReadOnlySpan<float>(normalized, width), new ReadOnlySpan<float>(gainSum, width), new Span<float>(gainSum, width));
                }

                if (dbias is not null)
                {
                    TensorPrimitives.Add(new ReadOnlySpan<float>(biasSum, width), seed, new Span<float>(biasSum, width));
                }

                if (target is not null)
                {
                    ScaleByGain(from, gains, layout.GainOffset, scaled, width);
                    float mean = layout.Centred ? Lanes.Sum(scaled, width) / width : 0;
                    float projection = Lanes.Dot(scaled, normalized, width) / width;
                    NormalizeGradientRow(scaled, normalized, mean, projection, reciprocal, target + (row * width), width);
                }
            }
        });
        MergeChunks(gainSums, chunks, width, dgain);
        MergeChunks(biasSums, chunks, width, dbias);
        work.Release();
    }

    private void MergeChunks(float* sums, int chunks, int width, TensorStorage? target)
    {
        if (target is null)
        {
            return;
        }

        if (chunks == 0)
        {
            Fill(target, 0);
        }
        else
        {
            SumBlock(sums, chunks, width, Pointer(target));
        }
    }

    /// <summary>y := (x - mean) reciprocal (offset + gain) + bias.</summary>
    private static void NormalizeRow(float* x, float mean, float reciprocal, float* gain, float offset, float* bias, float* y, int width)
    {
        Vector<float> means = new(mean);
        Vector<float> factors = new(reciprocal);
        Vector<float> offsets = new(offset);
        int i = 0;
        for (; i <= width - Vector<float>.Count; i += Vector<float>.Count)
        {
            Vector<float> value = (Vector.Load(x + i) - means) * factors;
            if (gain is not null)
            {
                value *= offsets + Vector.Load(gain + i);
            }

            if (bias is not null)
            {
                value += Vector.Load(bias + i);
            }

            value.Store(y + i);
        }

        for (; i < width; i++)
        {
            float value = (x[i] - mean) * reciprocal;
            if (gain is not null)
            {
                value *= offset + gain[i];
            }

            y[i] = bias is null ? value : value + bias[i];
        }
    }

    private static void ScaleByGain(float* dy, float* gain, float offset, float* scaled, int width)
    {
        if (gain is null)
        {
            new ReadOnlySpan<float>(dy, width).CopyTo(new Span<float>(scaled, width));
            return;
        }

        Vector<float> offsets = new(offset);
        int i = 0;
        for (; i <= width - Vector<float>.Count; i += Vector<float>.Count)
        {
            (Vector.Load(dy + i) * (offsets + Vector.Load(gain + i))).Store(scaled + i);
        }

        for (; i < width; i++)
        {
            scaled[i] = dy[i] * (offset + gain[i]);
        }
    }

    /// <summary>dx := reciprocal (scaled - mean - normalized projection).</summary>
    private static void NormalizeGradientRow(float* scaled, float* normalized, float mean, float projection, float reciprocal, float* dx, int width)
    {
        Vector<float> means = new(mean);
        Vector<float> projections = new(projection);
        Vector<float> factors = new(reciprocal);
        int i = 0;
        for (; i <= width - Vector<float>.Count; i += Vector<float>.Count)
        {
            ((Vector.Load(scaled + i) - means - (Vector.Load(normalized + i) * projections)) * factors).Store(dx + i);
        }

        for (; i < width; i++)
        {
            dx[i] = (scaled[i] - mean - (normalized[i] * projection)) * reciprocal;
        }
    }
}
