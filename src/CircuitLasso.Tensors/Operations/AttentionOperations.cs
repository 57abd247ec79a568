namespace CircuitLasso.Tensors;

/// <summary>
/// Attention in three steps, so that scores, pattern and mixed values can each be read, replaced and differentiated at; and in one, faster and in less memory,
/// where nobody asks for them (<see cref="Attention"/>). Heads stay where the linear layers put them, [batch, positions, heads, head width]; nothing is permuted.
/// </summary>
public static class AttentionOperations
{
    /// <summary>scale q k^T for every batch row and head.</summary>
    /// <param name="q">[batch, query positions, heads, head width].</param>
    /// <param name="k">[batch, key positions, key heads, head width]; heads is a multiple of key heads, and neighbouring heads share a key head.</param>
    /// <param name="scale">Factor, 1 / sqrt(head width) in most models.</param>
    /// <returns>[batch, heads, query positions, key positions].</returns>
    /// <exception cref="ArgumentException">The shapes do not fit.</exception>
    public static Tensor AttentionScores(this Tensor q, Tensor k, float scale)
    {
        MatrixOperations.RequireRank(q, 4, nameof(q), exactly: true);
        MatrixOperations.RequireRank(k, 4, nameof(k), exactly: true);
        AttentionShape shape = AttentionShape.Of(q.Dimension(0), q.Dimension(2), q.Dimension(1), k, q.Dimension(3), nameof(k));
        ITensorBackend backend = q.Backend;
        TensorStorage scores = backend.Allocate((long)shape.Batch * shape.Heads * shape.Queries * shape.Keys, zeroed: false);
        backend.MatrixProduct(
            shape.Product(shape.Queries, shape.Keys, shape.Width, shape.QueryStrides, shape.KeyStrides, shape.ScoreStrides) with { TransposeB = true, Alpha = scale },
            q.Storage,
            k.Storage,
            scores);
        return new Tensor(scores, [shape.Batch, shape.Heads, shape.Queries, shape.Keys]).Record([q, k], (dy, flow) =>
        {
            if (GradientFlow.Needs(q))
            {
                TensorStorage dq = flow.Target(q, out bool isFresh);
                backend.MatrixProduct(
                    shape.Product(shape.Queries, shape.Width, shape.Keys, shape.ScoreStrides, shape.KeyStrides, shape.QueryStrides) with { Alpha = scale, Beta = isFresh ? 0 : 1 },
                    dy,
                    k.Storage,
                    dq);
            }

            if (GradientFlow.Needs(k))
            {
                TensorStorage dk = flow.Target(k, out bool isFresh);
                backend.MatrixProduct(
                    shape.Product(shape.Keys, shape.Width, shape.Queries, shape.ScoreStrides, shape.QueryStrides, shape.KeyStrides) with { TransposeA = true, Alpha = scale, Beta = isFresh ? 0 : 1 },
                    dy,
                    q.Storage,
                    dk);
            }
        });
    }

    /// <summary>Softmax of every row of scores over the keys that the mask shows; hidden entries, and rows that see nothing, are exactly 0.</summary>
    /// <param name="scores">[batch, heads, query positions, key positions]; hidden entries are not read.</param>
    /// <param name="mask">What is visible.</param>
    /// <exception cref="ArgumentException">The mask does not fit the scores.</exception>
    public static Tensor AttentionPattern(this Tensor scores, AttentionMask mask)
    {
        MatrixOperations.RequireRank(scores, 4, nameof(scores), exactly: true);
        ArgumentNullException.ThrowIfNull(mask);
        int queries = scores.Dimension(2);
        int keys = scores.Dimension(3);
        mask.Check(scores.Dimension(0), queries, keys);
        ITensorBackend backend = scores.Backend;
        TensorStorage y = backend.Allocate(scores.Length, zeroed: false);
        backend.MaskedSoftmax(mask, scores.Dimension(0), scores.Dimension(1), queries, keys, scores.Storage, y);
        long rows = TensorShape.Count(scores.Shape[..^1]);
        return new Tensor(y, scores.ShapeArray).Record([scores], (dy, flow) =>
        {
            // y is 0 where the mask hides, so the gradient of the plain softmax is 0 there as well.
            TensorStorage dx = backend.Allocate(scores.Length, zeroed: false);
            backend.SoftmaxGradient(false, rows, keys, y, dy, dx);
            flow.Add(scores, dx);
        });
    }

    /// <summary>pattern v for every batch row and head: the values, mixed.</summary>
    /// <param name="pattern">[batch, heads, query positions, key positions].</param>
    /// <param name="v">[batch, key positions, key heads, head width]; heads is a multiple of key heads, and neighbouring heads share a key head.</param>
    /// <returns>[batch, query positions, heads, head width].</returns>
    /// <exception cref="ArgumentException">The shapes do not fit.</exception>
    public static Tensor AttentionMix(this Tensor pattern, Tensor v)
    {
        MatrixOperations.RequireRank(pattern, 4, nameof(pattern), exactly: true);
        MatrixOperations.RequireRank(v, 4, nameof(v), exactly: true);
        AttentionShape shape = AttentionShape.Of(pattern.Dimension(0), pattern.Dimension(1), pattern.Dimension(2), v, v.Dimension(3), nameof(v));
        if (pattern.Dimension(3) != shape.Keys)
        {
            throw new ArgumentException($"A pattern of shape {TensorShape.Describe(pattern.Shape)} does not mix values of shape {TensorShape.Describe(v.Shape)}.", nameof(v));
        }

        ITensorBackend backend = pattern.Backend;
        TensorStorage mixed = backend.Allocate((long)shape.Batch * shape.Queries * shape.Heads * shape.Width, zeroed: false);
        backend.MatrixProduct(
            shape.Product(shape.Queries, shape.Width, shape.Keys, shape.ScoreStrides, shape.KeyStrides, shape.QueryStrides),
            pattern.Storage,
            v.Storage,
            mixed);
        return new Tensor(mixed, [shape.Batch, shape.Queries, shape.Heads, shape.Width]).Record([pattern, v], (dy, flow) =>
        {
            if (GradientFlow.Needs(pattern))
            {
                TensorStorage dpattern = flow.Target(pattern, out bool isFresh);
                backend.MatrixProduct(
                    shape.Product(shape.Queries, shape.Keys, shape.Width, shape.QueryStrides, shape.KeyStrides, shape.ScoreStrides) with { TransposeB = true, Beta = isFresh ? 0 : 1 },
                    dy,
                    v.Storage,
                    dpattern);
            }

            if (GradientFlow.Needs(v))
            {
                TensorStorage dv = flow.Target(v, out bool isFresh);
                backend.MatrixProduct(
                    shape.Product(shape.Keys, shape.Width, shape.Queries, shape.ScoreStrides, shape.QueryStrides, shape.KeyStrides) with { TransposeA = true, Beta = isFresh ? 0 : 1 },
                    pattern.Storage,
                    dy,
                    dv);
            }
        });
    }

    /// <summary>
    /// <see cref="AttentionScores"/>, a soft cap, <see cref="AttentionPattern"/> and <see cref="AttentionMix"/> in one step, equal to them but for rounding. No pattern is held:
    /// memory is that of a block of queries on every thread, and the gradient makes patterns again.
    /// </summary>
    /// <param name="q">[batch, query positions, heads, head width].</param>
    /// <param name="k">[batch, key positions, key heads, head width]; heads is a multiple of key heads, and neighbouring heads share a key head.</param>
    /// <param name="v">Of the shape of <paramref name="k"/>.</param>
    /// <param name="scale">Factor of the scores, 1 / sqrt(head width) in most models.</param>
    /// <param name="mask">What is visible.</param>
    /// <param name="softCap">Limit of <see cref="ActivationOperations.SoftCap"/> on the scaled scores, above zero; null for none.</param>
    /// <returns>[batch, query positions, heads, head width].</returns>
    /// <exception cref="ArgumentException">The shapes do not fit.</exception>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="softCap"/> is not above zero.</exception>
    public static Tensor Attention(this Tensor q, Tensor k, Tensor v, float scale, AttentionMask mask, float? softCap = null)
    {
        MatrixOperations.RequireRank(q, 4, nameof(q), exactly: true);
        MatrixOperations.RequireRank(k, 4, nameof(k), exactly: true);
        ArgumentNullException.ThrowIfNull(v);
        ArgumentNullException.ThrowIfNull(mask);
        if (softCap is { } cap)
        {
            ArgumentOutOfRangeException.ThrowIfNegativeOrZero(cap, nameof(softCap));
        }

        AttentionShape shape = AttentionShape.Of(q.Dimension(0), q.Dimension(2), q.Dimension(1), k, q.Dimension(3), nameof(k));
        TensorShape.RequireSame(v.Shape, k.Shape, nameof(v));
        mask.Check(shape.Batch, shape.Queries, shape.Keys);
        ITensorBackend backend = q.Backend;
        AttentionLayout layout = new(shape.Batch, shape.Queries, shape.Keys, shape.Heads, shape.KeyHeads, shape.Width, scale, softCap);
        TensorStorage mixed = backend.Allocate(q.Length, zeroed: false);
        TensorStorage statistics = backend.Allocate(2L * shape.Batch * shape.Heads * shape.Queries, zeroed: false);
        backend.Attention(layout, mask, q.Storage, k.Storage, v.Storage, mixed, statistics);
        return new Tensor(mixed, q.ShapeArray).Record(
            [q, k, v],
            (dy, flow) =>
            {
                TensorStorage? dq = GradientFlow.Needs(q) ? backend.Allocate(q.Length, zeroed: false) : null;
                TensorStorage? dk = GradientFlow.Needs(k) ? backend.Allocate(k.Length, zeroed: shape.Queries == 0) : null;
                TensorStorage? dv = GradientFlow.Needs(v) ? backend.Allocate(v.Length, zeroed: shape.Queries == 0) : null;
                backend.AttentionGradient(layout, mask, q.Storage, k.Storage, v.Storage, mixed, statistics, dy, dq, dk, dv);
                foreach ((Tensor input, TensorStorage? gradient) in (ReadOnlySpan<(Tensor, TensorStorage?)>)[(q, dq), (k, dk), (v, dv)])
                {
                    if (gradient is not null)
                    {
                        flow.Add(input, gradient);
                    }
                }
            },
            statistics);
    }

    /// <summary>Rotary position embedding: pairs (i, i + n/2) of the first n elements of every head turn by position times frequency.</summary>
    /// <param name="x">[batch, positions, heads, head width].</param>
    /// <param name="positions">The position of every entry of axis 1, or of every entry of [batch, positions] where the batch rows differ.</param>
    /// <param name="frequencies">The frequencies; <see cref="RotaryFrequencies.RotatedWidth"/> is n.</param>
    /// <exception cref="ArgumentException">The shapes do not fit.</exception>
    public static Tensor Rotary(this Tensor x, ReadOnlySpan<int> positions, RotaryFrequencies frequencies)
    {
        MatrixOperations.RequireRank(x, 4, nameof(x), exactly: true);
        ArgumentNullException.ThrowIfNull(frequencies);
        int rows = checked(x.Dimension(0) * x.Dimension(1));
        if (positions.Length != x.Dimension(1) && positions.Length != rows)
        {
            throw new ArgumentException($"{positions.Length} positions do not match a tensor of shape {TensorShape.Describe(x.Shape)}.", nameof(positions));
        }

        if (frequencies.RotatedWidth > x.Dimension(3))
        {
            throw new ArgumentException($"{frequencies.RotatedWidth} rotated elements do not fit into heads of {x.Dimension(3)}.", nameof(frequencies));
        }

        ITensorBackend backend = x.Backend;
        RotaryFrequencies.Table table = frequencies.AnglesAt(positions);
        RotaryLayout layout = new(rows, positions.Length, x.Dimension(2), x.Dimension(3), frequencies.RotatedWidth, Inverse: false);
        TensorStorage y = backend.Allocate(x.Length, zeroed: false);
        backend.Rotate(layout, table.Cosines, table.Sines, x.Storage, y);
        return new Tensor(y, x.ShapeArray).Record([x], (dy, flow) =>
        {
            TensorStorage dx = backend.Allocate(x.Length, zeroed: false);
            backend.Rotate(layout with { Inverse = true }, table.Cosines, table.Sines, dy, dx);
            flow.Add(x, dx);
        });
    }
}
