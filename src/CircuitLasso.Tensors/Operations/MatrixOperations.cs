namespace CircuitLasso.Tensors;

/// <summary>Matrix products.</summary>
public static class MatrixOperations
{
    /// <summary>A linear layer over the last axis: x W (+ bias), with W stored either way round.</summary>
    /// <param name="x">[..., in].</param>
    /// <param name="weight">[out, in] as Hugging Face's Linear stores it, or [in, out] as GPT-2's Conv1D does.</param>
    /// <param name="bias">[out], or null.</param>
    /// <param name="weightIsInputByOutput">Whether the weight is [in, out].</param>
    /// <returns>[..., out].</returns>
    /// <exception cref="ArgumentException">The shapes do not fit.</exception>
    public static Tensor Linear(this Tensor x, Tensor weight, Tensor? bias, bool weightIsInputByOutput)
    {
        RequireRank(x, 1, nameof(x));
        RequireRank(weight, 2, nameof(weight), exactly: true);
        int input = x.Dimension(-1);
        int output = weight.Dimension(weightIsInputByOutput ? 1 : 0);
        TensorShape.RequireSame(weight.Shape, weightIsInputByOutput ? [input, output] : [output, input], nameof(weight));
        if (bias is not null)
        {
            TensorShape.RequireSame(bias.Shape, [output], nameof(bias));
        }

        int rows = checked((int)TensorShape.Count(x.Shape[..^1]));
        ITensorBackend backend = x.Backend;
        TensorStorage y = backend.Allocate((long)rows * output, zeroed: false);
        if (bias is not null)
        {
            // The product is added to rows that hold the bias: one pass over y less than adding it afterwards.
            backend.Copy(new StridedPair([rows, output], [0, 1], [output, 1]), bias.Storage, 0, y, 0, accumulate: false);
        }

        MatrixStrides strides = new(weightIsInputByOutput ? output : input);
        backend.MatrixProduct(
            new MatrixProductBatch(rows, output, input, new(input), strides, new(output)) { TransposeB = !weightIsInputByOutput, Beta = bias is null ? 0 : 1 },
            x.Storage,
            weight.Storage,
            y);
        return new Tensor(y, [.. x.Shape[..^1], output]).Record([x, weight, bias], (dy, flow) =>
        {
            if (GradientFlow.Needs(x))
            {
                TensorStorage dx = flow.Target(x, out bool isFresh);
                backend.MatrixProduct(
                    new MatrixProductBatch(rows, input, output, new(output), strides, new(input)) { TransposeB = weightIsInputByOutput, Beta = isFresh ? 0 : 1 },
                    dy,
                    weight.Storage,
                    dx);
            }

            if (GradientFlow.Needs(weight))
            {
                TensorStorage dw = flow.Target(weight, out bool isFresh);
                MatrixProductBatch product = weightIsInputByOutput
                    ? new MatrixProductBatch(input, output, rows, new(input), new(output), new(output))
                    : new MatrixProductBatch(output, input, rows, new(output), new(input), new(input));
                product = product with { TransposeA = true, Beta = isFresh ? 0 : 1 };
                backend.MatrixProduct(product, weightIsInputByOutput ? x.Storage : dy, weightIsInputByOutput ? dy : x.Storage, dw);
            }

            if (GradientFlow.Needs(bias))
            {
                TensorStorage db = backend.Allocate(output, zeroed: false);
                backend.Sum(new AxisLayout(1, rows, output), dy, db);
                flow.Add(bias!, db);
            }
        });
    }

    /// <summary>
    /// op(a) op(b) for matrices in the last two axes. Leading axes are equal in both, or missing in one, which then takes part in every product.
    /// </summary>
    /// <param name="a">[..., m, k], or [..., k, m] where it is transposed.</param>
    /// <param name="b">[..., k, n], or [..., n, k] where it is transposed.</param>
    /// <param name="transposeA">Whether op(a) is the transpose of a's matrices.</param>
    /// <param name="transposeB">Whether op(b) is the transpose of b's matrices.</param>
    /// <returns>[..., m, n].</returns>
    /// <exception cref="ArgumentException">The shapes do not fit.</exception>
    public static Tensor MatMul(this Tensor a, Tensor b, bool transposeA = false, bool transposeB = false)
    {
        RequireRank(a, 2, nameof(a));
        RequireRank(b, 2, nameof(b));
        int rows = a.Dimension(transposeA ? -1 : -2);
        int inner = a.Dimension(transposeA ? -2 : -1);
        int columns = b.Dimension(transposeB ? -2 : -1);
        ReadOnlySpan<int> leading = a.Rank >= b.Rank ? a.Shape[..^2] : b.Shape[..^2];
        if (b.Dimension(transposeB ? -1 : -2) != inner || (a.Rank > 2 && !a.Shape[..^2].SequenceEqual(leading)) || (b.Rank > 2 && !b.Shape[..^2].SequenceEqual(leading)))
        {
            throw new ArgumentException($"Matrices of shapes {TensorShape.Describe(a.Shape)}{(transposeA ? " transposed" : string.Empty)} and {TensorShape.Describe(b.Shape)}{(transposeB ? " transposed" : string.Empty)} do not multiply.", nameof(b));
        }

        int batches = checked((int)TensorShape.Count(leading));
        ITensorBackend backend = a.Backend;
        MatrixStrides left = new(a.Dimension(-1), a.Rank > 2 ? (long)rows * inner : 0);
        MatrixStrides right = new(b.Dimension(-1), b.Rank > 2 ? (long)inner * columns : 0);
        MatrixStrides result = new(columns, (long)rows * columns);
        TensorStorage y = backend.Allocate((long)batches * rows * columns, zeroed: false);
        backend.MatrixProduct(new MatrixProductBatch(rows, columns, inner, left, right, result) { TransposeA = transposeA, TransposeB = transposeB, Batches = batches }, a.Storage, b.Storage, y);
        return new Tensor(y, [.. leading, rows, columns]).Record([a, b], (dy, flow) =>
        {
            if (GradientFlow.Needs(a))
            {
                // d op(a) = dy op(b)^T, and its transpose where a is stored transposed.
                TensorStorage da = flow.Target(a, out bool isFresh);
                MatrixProductBatch product = transposeA
                    ? new MatrixProductBatch(inner, rows, columns, right, result, left) { TransposeA = transposeB, TransposeB = true }
                    : new MatrixProductBatch(rows, inner, columns, result, right, left) { TransposeB = !transposeB };
                Product(backend, product with { Beta = isFresh ? 0 : 1 }, batches, transposeA ? b.Storage : dy, transposeA ? dy : b.Storage, da);
            }

            if (GradientFlow.Needs(b))
            {
                TensorStorage db = flow.Target(b, out bool isFresh);
                MatrixProductBatch product = transposeB
                    ? new MatrixProductBatch(columns, inner, rows, result, left, right) { TransposeA = true, TransposeB = transposeA }
                    : new MatrixProductBatch(inner, columns, rows, left, result, right) { TransposeA = !transposeA };
                Product(backend, product with { Beta = isFresh ? 0 : 1 }, batches, transposeB ? dy : a.Storage, transposeB ? a.Storage : dy, db);
            }
        });
    }

    internal static void RequireRank(Tensor tensor, int rank, string name, bool exactly = false)
    {
        ArgumentNullException.ThrowIfNull(tensor, name);
        if (exactly ? tensor.Rank != rank : tensor.Rank < rank)
        {
            throw new ArgumentException($"{name} has shape {TensorShape.Describe(tensor.Shape)} where {(exactly ? string.Empty : "at least ")}{rank} dimensions are needed.", name);
        }
    }

    /// <summary>A product per batch row; where the result has no batch axis of its own, the products are summed as the members of one group.</summary>
    private static void Product(ITensorBackend backend, MatrixProductBatch product, int batches, TensorStorage a, TensorStorage b, TensorStorage c)
    {
        product = product.C.Batch != 0 || batches == 1
            ? product with { Batches = batches }
            : product with { Members = batches, A = product.A with { Member = product.A.Batch }, B = product.B with { Member = product.B.Batch } };
        backend.MatrixProduct(product, a, b, c);
    }
}
