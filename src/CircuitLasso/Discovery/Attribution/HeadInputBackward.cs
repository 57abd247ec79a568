using System.Numerics.Tensors;
using CircuitLasso.Models;
using CircuitLasso.Numerics;

namespace CircuitLasso;

/// <summary>
/// From the gradients at queries, keys and values back to what each head reads, apart: through its rows of the matrix and through the norm, at a point where all heads
/// read the same x. With n = (x - mean) / sigma (the mean 0 for root mean squares), gain a and y = W^T g: a y / sigma, less its mean where the norm takes the mean away, less n times the mean of
/// n a y / sigma. Keeps a copy of the matrices; not thread-safe.
/// </summary>
internal sealed class HeadInputBackward
{
    // Rows of one product, so that what it writes is still in the cache when it is read.
    private const int Tile = 64;
    private static readonly (HeadInput Input, ParameterRole Weight)[] _inputs =
        [(HeadInput.Query, ParameterRole.QueryWeight), (HeadInput.Key, ParameterRole.KeyWeight), (HeadInput.Value, ParameterRole.ValueWeight)];

    private readonly TransformerModel _model;
    private readonly Dictionary<ParameterKey, float[]> _matrices = [];

    public HeadInputBackward(TransformerModel model) => _model = model;

    /// <summary>Adds the gradients of a layer's heads to sums.</summary>
    /// <param name="layer">The layer.</param>
    /// <param name="read">What all heads read, rows x width.</param>
    /// <param name="gradients">Of queries, keys and values: rows x (heads x head width); null where nothing flows.</param>
    /// <param name="sums">Query heads, then key heads twice (keys, values), each rows x width.</param>
    public void Add(int layer, float[] read, IReadOnlyList<float[]?> gradients, NativeWindow sums)
    {
        ModelDescription description = _model.Description;
        NormalizationKind norm = description.Normalization.Kind;
        int width = description.Width;
        int rows = read.Length / width;
        float[]? gain = _model.NormGains(ParameterRole.AttentionNormGain, layer);
        float[] scales = norm == NormalizationKind.None ? [] : Normalize(read, width, description.Normalization.RemovesMean, description.Normalization.Epsilon);
        int first = 0;
        foreach ((HeadInput input, ParameterRole role) in _inputs)
        {
            int heads = input == HeadInput.Query ? description.Attention.Heads : description.Attention.KeyValueHeads;
            if (gradients[(int)input] is { } gradient)
            {
                float[] matrix = Matrix(new ParameterKey(role, layer));
                int tiles = (rows + Tile - 1) / Tile;
                int at = first;
                DeterministicParallel.For(heads * tiles, task =>
                {
                    (int head, int tile) = Math.DivRem(task, tiles);
                    int start = tile * Tile;
                    int count = Math.Min(Tile, rows - start);
                    Back(gradient, matrix, head, heads, start, count, sums.Slice((((nint)at + head) * rows * width) + ((nint)start * width), count * width), read, scales, gain, norm);
                });
            }

            first += heads;
        }
    }

    // x becomes n; returns 1 / sigma of every row.
    private static float[] Normalize(float[] x, int width, bool isCentred, float epsilon)
    {
        float[] scales = new float[x.Length / width];
        DeterministicParallel.For((scales.Length + Tile - 1) / Tile, tile =>
        {
            for (int row = tile * Tile; row < Math.Min(scales.Length, (tile + 1) * Tile); row++)
            {
                Span<float> values = x.AsSpan(row * width, width);
                if (isCentred)
                {
                    TensorPrimitives.Subtract(values, TensorPrimitives.Sum(values) / width, values);
                }

                scales[row] = 1 / MathF.Sqrt((TensorPrimitives.SumOfSquares(values) / width) + epsilon);
                TensorPrimitives.Multiply(values, scales[row], values);
            }
        });
        return scales;
    }

    private void Back(
        float[] gradient, float[] matrix, int head, int heads, int start, int count, Span<float> sum, float[] normalized, float[] scales, float[]? gain, NormalizationKind norm)
    {
        int width = _model.Description.Width;
        int headWidth = _model.Description.Attention.HeadWidth;
        ReadOnlySpan<float> left = gradient.AsSpan((start * heads * headWidth) + (head * headWidth));
        ReadOnlySpan<float> right = matrix.AsSpan(head * headWidth * width, headWidth * width);
        if (norm == NormalizationKind.None)
        {
            MatrixProduct.Gemm(false, false, count, width, headWidth, 1, left, heads * headWidth, right, width, 1, sum, width);
            return;
        }

        float[] product = System.Buffers.ArrayPool<float>.Shared.Rent(count * width);
        MatrixProduct.Gemm(false, false, count, width, headWidth, 1, left, heads * headWidth, right, width, 0, product.AsSpan(0, count * width), width);
        for (int row = 0; row < count; row++)
        {
            Span<float> y = product.AsSpan(row * width, width);
            ReadOnlySpan<float> n = normalized.AsSpan((start + row) * width, width);
            Span<float> target = sum.Slice(row * width, width);
            if (gain is not null)
            {
                TensorPrimitives.Multiply(y, gain, y);
            }

            float along = TensorPrimitives.Dot(y, n) / width;
            if (_model.Description.Normalization.RemovesMean)
            {
                TensorPrimitives.Subtract(y, TensorPrimitives.Sum(y) / width, y);
            }

            TensorPrimitives.MultiplyAdd(n, -along, y, y);
            TensorPrimitives.MultiplyAdd(y, scales[start + row], target, target);
        }

        System.Buffers.ArrayPool<float>.Shared.Return(product);
    }

    private float[] Matrix(ParameterKey key)
    {
        if (!_matrices.TryGetValue(key, out float[]? matrix))
        {
            _matrices[key] = matrix = _model.Parameters[key].ToArray();
        }

        return matrix;
    }
}
