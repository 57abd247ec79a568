namespace CircuitLasso.Tensors;

/// <summary>Scores of very many classes, of which few are wanted.</summary>
public static class VocabularyOperations
{
    /// <summary>
    /// The logarithm of one class's probability in every row, where a row's scores are a linear layer of it: <c>x.Linear(weight, bias, false).LogSoftmax().GatherLast(targets)</c>,
    /// equal but for rounding. Without gradients the scores of a block of classes are held at a time (8 MiB), and not rows x classes.
    /// </summary>
    /// <param name="x">[..., width].</param>
    /// <param name="weight">[classes, width], stored in any type and order.</param>
    /// <param name="bias">[classes], or null.</param>
    /// <param name="targets">The class of every row, in row-major order.</param>
    /// <param name="softCap">Limit of <see cref="ActivationOperations.SoftCap"/> on the scores, above zero; null for none.</param>
    /// <returns>[...].</returns>
    /// <exception cref="ArgumentException">The shapes do not fit, or there are not as many targets as rows.</exception>
    /// <exception cref="ArgumentOutOfRangeException">A target is outside the classes, or <paramref name="softCap"/> is not above zero.</exception>
    public static Tensor LogProbabilities(this Tensor x, Tensor weight, Tensor? bias, ReadOnlySpan<int> targets, float? softCap = null)
    {
        MatrixOperations.RequireRank(x, 1, nameof(x));
        MatrixOperations.RequireRank(weight, 2, nameof(weight), exactly: true);
        if (GradientMode.IsWanted([x, weight, bias]))
        {
            Tensor scores = x.Linear(weight, bias, weightIsInputByOutput: false);
            return (softCap is { } limit ? scores.SoftCap(limit) : scores).LogSoftmax().GatherLast(targets);
        }

        int width = x.Dimension(-1);
        int classes = weight.Dimension(0);
        TensorShape.RequireSame(weight.Shape, [classes, width], nameof(weight));
        if (bias is not null)
        {
            TensorShape.RequireSame(bias.Shape, [classes], nameof(bias));
        }

        if (softCap is { } cap)
        {
            ArgumentOutOfRangeException.ThrowIfNegativeOrZero(cap, nameof(softCap));
        }

        if (TensorShape.Count(x.Shape[..^1]) != targets.Length)
        {
            throw new ArgumentException($"{targets.Length} targets do not match the rows of {TensorShape.Describe(x.Shape)}.", nameof(targets));
        }

        IndexOperations.RequireInside(targets, classes, nameof(targets));
        ITensorBackend backend = x.Backend;
        TensorStorage y = backend.Allocate(targets.Length, zeroed: false);
        backend.LogProbabilities(width, classes, x.Storage, weight.Storage, bias?.Storage, softCap, targets, y);
        return new Tensor(y, x.Shape[..^1].ToArray());
    }
}
