namespace CircuitLasso.Tensors;

/// <content>Log-probabilities over many classes, without rows x classes numbers in memory.</content>
internal sealed unsafe partial class CpuTensorBackend
{
    // 8 MiB of scores: they are read again while they are in the cache that the cores share.
    private const int ScoresAtOnce = 1 << 21;
    private const int FewestClassesAtOnce = 256;

    public void LogProbabilities(int width, int classes, TensorStorage x, TensorStorage weight, TensorStorage? bias, float? softCap, ReadOnlySpan<int> targets, TensorStorage y)
    {
        int rows = targets.Length;
        if (rows == 0)
        {
            return;
        }

        int block = Math.Min(classes, Math.Max(FewestClassesAtOnce, ScoresAtOnce / rows));
        TensorStorage scores = Allocate((long)rows * block, zeroed: false);
        float* space = Pointer(scores);
        float* result = Pointer(y);
        RunningSum[] sums = new RunningSum[rows];
        Array.Fill(sums, new RunningSum { Maximum = float.NegativeInfinity });
        fixed (int* pinned = targets)
        {
            int* target = pinned;
            for (int start = 0; start < classes; start += block)
            {
                int first = start;
                int count = Math.Min(block, classes - start);
                if (bias is not null)
                {
                    Copy(new StridedPair([rows, count], [0, 1], [count, 1]), bias, first, scores, 0, accumulate: false);
                }

                MatrixProductBatch product = new(rows, count, width, new(width), new(width), new(count)) { TransposeB = true, Beta = bias is null ? 0 : 1 };
                Multiply(product, x, Own(weight), first, scores);
                ForRows(rows, count, (firstRow, rowCount) =>
                {
                    for (long row = firstRow; row < firstRow + rowCount; row++)
                    {
                        float* from = space + (row * count);
                        if (softCap is { } cap)
                        {
                            EvaluateRange<SoftCapFunction>(cap, from, from, count);
                        }

                        if (target[row] >= first && target[row] < first + count)
                        {
                            result[row] = from[target[row] - first];
                        }

                        sums[row].Add(from, count);
                    }
                });
            }
        }

        for (int row = 0; row < rows; row++)
        {
            result[row] = (float)(result[row] - sums[row].Logarithm);
        }

        scores.Release();
    }

    /// <summary>The sum of e^x, kept as a maximum and the sum of e^(x - maximum).</summary>
    private struct RunningSum
    {
        public float Maximum;
        private double _sum;

        public readonly double Logarithm => Maximum + Math.Log(_sum);

        /// <summary>Adds numbers, which are overwritten.</summary>
        public void Add(float* x, int count)
        {
            float maximum = Math.Max(Maximum, Lanes.Max(x, count));
            if (maximum != Maximum)
            {
                _sum = _sum == 0 ? 0 : _sum * Math.Exp(Maximum - maximum);
                Maximum = maximum;
            }

            ExpOfDifference(x, maximum, count, x);
            for (int start = 0; start < count; start += SumChunk)
            {
                _sum += Lanes.Sum(x + start, Math.Min(SumChunk, count - start));
            }
        }
    }
}
