using System.Numerics.Tensors;
using CircuitLasso.Numerics;

namespace CircuitLasso.Tensors;

/// <content>
/// Attention without its patterns in memory: a block of queries at a time, over the keys that any of them sees, so that scores stay in the cache and hidden ones are
/// mostly not computed. Which queries form a block follows from the shape alone.
/// </content>
internal sealed unsafe partial class CpuTensorBackend
{
    private const int QueriesPerBlock = 64;

    public void Attention(in AttentionLayout layout, AttentionMask mask, TensorStorage q, TensorStorage k, TensorStorage v, TensorStorage mixed, TensorStorage statistics)
    {
        AttentionLayout l = layout;
        float* queries = Pointer(q);
        float* keys = Pointer(k);
        float* values = Pointer(v);
        float* result = Pointer(mixed);
        float* moments = Pointer(statistics);
        int blocks = (l.Queries + QueriesPerBlock - 1) / QueriesPerBlock;
        ForTasks(checked(l.Batch * l.Heads * blocks), IsSmall(l), task =>
        {
            (int batchHead, int block) = Math.DivRem(task, blocks);
            QueryBlock at = new(l, mask, batchHead / l.Heads, batchHead % l.Heads, block * QueriesPerBlock);
            float* to = result + at.Query;
            if (at.KeyCount == 0)
            {
                ClearRows(to, at.Rows, at.QueryStride, l.Width);
                return;
            }

            NativeBuffer<float> space = _pool.Rent((long)at.Rows * at.KeyCount);
            float* scores = space.Pointer;
            Scores(l, at, queries, keys, scores);
            for (int row = 0; row < at.Rows; row++)
            {
                float* from = scores + ((long)row * at.KeyCount);
                (int start, int end) = at.Visible(mask, row);
                new Span<float>(from, start).Clear();
                (float maximum, float factor) = SoftmaxRow(from + start, end - start, from + start);
                new Span<float>(from + end, at.KeyCount - end).Clear();
                moments[2 * (at.Moment + row)] = maximum;
                moments[(2 * (at.Moment + row)) + 1] = factor;
            }

            Product(false, false, at.Rows, l.Width, at.KeyCount, 1, scores, at.KeyCount, values + at.Key, at.KeyStride, 0, to, at.QueryStride);
            _pool.Return(space);
        });
    }

    public void AttentionGradient(
        in AttentionLayout layout, AttentionMask mask, TensorStorage q, TensorStorage k, TensorStorage v, TensorStorage mixed, TensorStorage statistics, TensorStorage dmixed, TensorStorage? dq, TensorStorage? dk, TensorStorage? dv)
    {
        AttentionLayout l = layout;
        float* queries = Pointer(q);
        float* keys = Pointer(k);
        float* values = Pointer(v);
        float* result = Pointer(mixed);
        float* moments = Pointer(statistics);
        float* above = Pointer(dmixed);
        float* dqueries = PointerOrNull(dq);
        float* dkeys = PointerOrNull(dk);
        float* dvalues = PointerOrNull(dv);
        int members = l.KeyHeads == 0 ? 0 : l.Heads / l.KeyHeads;

        // The heads and queries that share a key head add to one gradient, so they follow each other.
        ForTasks(checked(l.Batch * l.KeyHeads), IsSmall(l), task =>
        {
            (int batch, int keyHead) = Math.DivRem(task, l.KeyHeads);
            bool isFirst = true;
            NativeBuffer<float> space = _pool.Rent(3L * Math.Min(QueriesPerBlock, l.Queries) * l.Keys);
            for (int head = keyHead * members; head < (keyHead + 1) * members; head++)
            {
                for (int query = 0; query < l.Queries; query += QueriesPerBlock)
                {
                    QueryBlock at = new(l, mask, batch, head, query);
                    if (isFirst)
                    {
                        ClearKeys(l, batch, keyHead, dkeys);
                        ClearKeys(l, batch, keyHead, dvalues);
                        isFirst = false;
                    }

                    if (at.KeyCount == 0)
                    {
                        if (dqueries is not null)
                        {
                            ClearRows(dqueries + at.Query, at.Rows, at.QueryStride, l.Width);
                        }

                        continue;
                    }

                    float* scores = space.Pointer;
                    float* pattern = scores + ((long)at.Rows * at.KeyCount);
                    float* gradient = pattern + ((long)at.Rows * at.KeyCount);
                    Scores(l, at, queries, keys, scores);
                    for (int row = 0; row < at.Rows; row++)
                    {
                        RecomputeRow(at, mask, row, scores, moments, pattern);
                    }

                    float* seed = above + at.Query;
                    if (dvalues is not null)
                    {
                        Product(true, false, at.KeyCount, l.Width, at.Rows, 1, pattern, at.KeyCount, seed, at.QueryStride, 1, dvalues + at.Key, at.KeyStride);
                    }

                    if (dqueries is null && dkeys is null)
                    {
                        continue;
                    }

                    Product(false, true, at.Rows, at.KeyCount, l.Width, 1, seed, at.QueryStride, values + at.Key, at.KeyStride, 0, gradient, at.KeyCount);
                    for (int row = 0; row < at.Rows; row++)
                    {
                        float projection = Lanes.Dot(seed + ((long)row * at.QueryStride), result + at.Query + ((long)row * at.QueryStride), l.Width);
                        ScoreGradientRow(at, mask, row, projection, l.SoftCap, scores, pattern, gradient);
                    }

                    if (dqueries is not null)
                    {
                        Product(false, false, at.Rows, l.Width, at.KeyCount, l.Scale, gradient, at.KeyCount, keys + at.Key, at.KeyStride, 0, dqueries + at.Query, at.QueryStride);
                    }

                    if (dkeys is not null)
                    {
                        Product(true, false, at.KeyCount, l.Width, at.Rows, l.Scale, gradient, at.KeyCount, queries + at.Query, at.QueryStride, 1, dkeys + at.Key, at.KeyStride);
                    }
                }
            }

            _pool.Return(space);
        });
    }

    private static bool IsSmall(AttentionLayout l) => (long)l.Batch * l.Heads * l.Queries * l.Keys * l.Width <= SmallProduct;

    private static void Scores(AttentionLayout l, in QueryBlock at, float* queries, float* keys, float* scores)
    {
        Product(false, true, at.Rows, at.KeyCount, l.Width, l.Scale, queries + at.Query, at.QueryStride, keys + at.Key, at.KeyStride, 0, scores, at.KeyCount);
        if (l.SoftCap is { } cap)
        {
            EvaluateRange<SoftCapFunction>(cap, scores, scores, at.Rows * at.KeyCount);
        }
    }

    /// <summary>The row of the pattern, by the same operations as forwards.</summary>
    private static void RecomputeRow(in QueryBlock at, AttentionMask mask, int row, float* scores, float* moments, float* pattern)
    {
        float* to = pattern + ((long)row * at.KeyCount);
        (int start, int end) = at.Visible(mask, row);
        new Span<float>(to, start).Clear();
        new Span<float>(to + end, at.KeyCount - end).Clear();
        Span<float> visible = new(to + start, end - start);
        ExpOfDifference(scores + ((long)row * at.KeyCount) + start, moments[2 * (at.Moment + row)], visible.Length, to + start);
        TensorPrimitives.Multiply(visible, moments[(2 * (at.Moment + row)) + 1], visible);
    }

    /// <summary>dscores := pattern (dpattern - projection), through the soft cap where there is one; 0 where the mask hides.</summary>
    private static void ScoreGradientRow(in QueryBlock at, AttentionMask mask, int row, float projection, float? softCap, float* scores, float* pattern, float* gradient)
    {
        float* to = gradient + ((long)row * at.KeyCount);
        (int start, int end) = at.Visible(mask, row);
        new Span<float>(to, start).Clear();
        new Span<float>(to + end, at.KeyCount - end).Clear();
        Span<float> visible = new(to + start, end - start);
        TensorPrimitives.Subtract(visible, projection, visible);
        TensorPrimitives.Multiply(visible, new ReadOnlySpan<float>(pattern + ((long)row * at.KeyCount) + start, visible.Length), visible);
        if (softCap is { } cap)
        {
            float* capped = scores + ((long)row * at.KeyCount) + start;
            DifferentiateRange<SoftCapFunction>(cap, capped, capped, to + start, to + start, visible.Length);
        }
    }

    private static void ClearKeys(AttentionLayout l, int batch, int keyHead, float* gradient)
    {
        if (gradient is not null)
        {
            ClearRows(gradient + ((((long)batch * l.Keys * l.KeyHeads) + keyHead) * l.Width), l.Keys, l.KeyHeads * l.Width, l.Width);
        }
    }

    private static void ClearRows(float* first, int rows, int stride, int width)
    {
        for (int row = 0; row < rows; row++)
        {
            new Span<float>(first + ((long)row * stride), width).Clear();
        }
    }

    private static void Product(bool transposeA, bool transposeB, int rows, int columns, int inner, float alpha, float* a, int lda, float* b, int ldb, float beta, float* c, int ldc) =>
        MatrixBackend.Default.Gemm(
            transposeA,
            transposeB,
            rows,
            columns,
            inner,
            alpha,
            new ReadOnlySpan<float>(a, Extent(transposeA ? inner : rows, transposeA ? rows : inner, lda)),
            lda,
            new ReadOnlySpan<float>(b, Extent(transposeB ? columns : inner, transposeB ? inner : columns, ldb)),
            ldb,
            beta,
            new Span<float>(c, Extent(rows, columns, ldc)),
            ldc);

    /// <summary>Neighbouring queries of one head, and the keys that any of them sees; offsets are in elements.</summary>
    private readonly struct QueryBlock
    {
        private readonly int _batch;
        private readonly int _first;
        private readonly int _firstKey;
        private readonly int _queries;
        private readonly int _keys;

        public QueryBlock(in AttentionLayout l, AttentionMask mask, int batch, int head, int first)
        {
            (_batch, _first, _queries, _keys) = (batch, first, l.Queries, l.Keys);
            Rows = Math.Min(QueriesPerBlock, l.Queries - first);
            int start = int.MaxValue;
            int end = 0;
            for (int row = 0; row < Rows; row++)
            {
                (int from, int to) = mask.Visible(batch, first + row, l.Queries, l.Keys);
                if (from < to)
                {
                    start = Math.Min(start, from);
                    end = Math.Max(end, to);
                }
            }

            _firstKey = Math.Min(start, end);
            KeyCount = end - _firstKey;
            QueryStride = l.Heads * l.Width;
            KeyStride = l.KeyHeads * l.Width;
            Query = ((((long)batch * l.Queries) + first) * QueryStride) + ((long)head * l.Width);
            Key = ((((long)batch * l.Keys) + _firstKey) * KeyStride) + ((long)(head / (l.Heads / l.KeyHeads)) * l.Width);
            Moment = ((((long)batch * l.Heads) + head) * l.Queries) + first;
        }

        public int Rows { get; }

        public int KeyCount { get; }

        public int QueryStride { get; }

        public int KeyStride { get; }

        public long Query { get; }

        public long Key { get; }

        public long Moment { get; }

        /// <summary>The visible keys of a row, counted from the block's first key.</summary>
        public (int Start, int End) Visible(AttentionMask mask, int row)
        {
            (int start, int end) = mask.Visible(_batch, _first + row, _queries, _keys);
            return start < end ? (start - _firstKey, end - _firstKey) : (0, 0);
        }
    }
}
