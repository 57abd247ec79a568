namespace CircuitLasso.Tensors;

/// <summary>Softmax and the cross-entropy loss.</summary>
public static class SoftmaxOperations
{
    /// <summary>exp(x) / sum exp(x) over the last axis, without overflow.</summary>
    public static Tensor Softmax(this Tensor x) => Compute(x, logarithm: false);

    /// <summary>log softmax over the last axis.</summary>
    public static Tensor LogSoftmax(this Tensor x) => Compute(x, logarithm: true);

    /// <summary>The mean over counted rows of -log softmax(logits)[target].</summary>
    /// <param name="logits">[..., classes]; the leading axes are the rows.</param>
    /// <param name="targets">The class of every row, in row-major order.</param>
    /// <param name="ignored">The target of rows that do not count.</param>
    /// <returns>One number; 0 where no row counts.</returns>
    /// <exception cref="ArgumentException">There are not as many targets as rows.</exception>
    /// <exception cref="ArgumentOutOfRangeException">A target is neither a class nor <paramref name="ignored"/>.</exception>
    public static Tensor CrossEntropy(this Tensor logits, ReadOnlySpan<int> targets, int ignored = -1)
    {
        MatrixOperations.RequireRank(logits, 1, nameof(logits));
        int classes = logits.Dimension(-1);
        if (TensorShape.Count(logits.Shape[..^1]) != targets.Length)
        {
            throw new ArgumentException($"{targets.Length} targets do not match the rows of {TensorShape.Describe(logits.Shape)}.", nameof(targets));
        }

        foreach (int target in targets)
        {
            if (target != ignored && (uint)target >= (uint)classes)
            {
                throw new ArgumentOutOfRangeException(nameof(targets), $"Target {target} is outside 0 .. {classes - 1}.");
            }
        }

        ITensorBackend backend = logits.Backend;
        TensorStorage logSums = backend.Allocate(targets.Length, zeroed: false);
        TensorStorage loss = backend.Allocate(1, zeroed: false);
        backend.CrossEntropy(logits.Storage, targets, ignored, classes, logSums, loss);
        int[] kept = targets.ToArray();
        return new Tensor(loss, []).Record(
            [logits],
            (dloss, flow) =>
            {
                TensorStorage dlogits = backend.Allocate(logits.Length, zeroed: false);
                backend.CrossEntropyGradient(logits.Storage, kept, ignored, classes, logSums, dloss, dlogits);
                flow.Add(logits, dlogits);
            },
            logSums);
    }

    private static Tensor Compute(Tensor x, bool logarithm)
    {
        MatrixOperations.RequireRank(x, 1, nameof(x));
        int width = x.Dimension(-1);
        long rows = TensorShape.Count(x.Shape[..^1]);
        ITensorBackend backend = x.Backend;
        TensorStorage y = backend.Allocate(x.Length, zeroed: false);
        backend.Softmax(logarithm, rows, width, x.Storage, y);
        return new Tensor(y, x.ShapeArray).Record([x], (dy, flow) =>
        {
            TensorStorage dx = backend.Allocate(x.Length, zeroed: false);
            backend.SoftmaxGradient(logarithm, rows, width, y, dy, dx);
            flow.Add(x, dx);
        });
    }
}
