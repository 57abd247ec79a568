using CircuitLasso.Regression;

namespace CircuitLasso;

/// <summary>
/// Turns coefficients into edge weights by passing the target's variation backwards through them.
/// </summary>
/// <remarks>
/// <para>Let r_v be the centred columns of block v, A[u,v] the coefficients of target block v on source block u, and T_v (width of v x k) the linear
/// map from r_v to the circuit's target through everything after v: T = identity for the target block itself, and
/// T_u = sum over v of A[u,v] T_v for the others, in reverse order of computation. V(X) is the sum of squares of X over its rows.</para>
/// <para>node(v) = min(1, V(r_v T_v) / V(target)) is the block's relevance.
/// p(u,v) = V(r_u A[u,v] T_v) is what the source carries into that part of v that matters, and e(v) = V((r_v - sum_u r_u A[u,v]) T_v) what no source explains.
/// The weight of the edge is p(u,v) / (sum_u' p(u',v) + e(v)) * node(v): how much of the target's relevant variation the source carries, times how much the
/// target matters.</para>
/// <para>Everything is computed from the Gram matrix; no row is read again. Source of the idea: the project's study of known circuits, where
/// coefficient norms alone recovered little and relevance to the output decided.</para>
/// </remarks>
public sealed class RelevancePropagation
{
    private readonly GramStatistics _statistics;
    private readonly BlockOrder _order;
    private readonly SparseColumns _coefficients;
    private readonly int _target;
    private readonly int _outputs;

    private RelevancePropagation(GramStatistics statistics, BlockOrder order, SparseColumns coefficients, int target)
    {
        _statistics = statistics;
        _order = order;
        _coefficients = coefficients;
        _target = target;
        _outputs = order.Blocks[target].Width;
    }

    /// <summary>Computes all relevances and edge weights.</summary>
    /// <param name="statistics">Statistics of all columns.</param>
    /// <param name="order">The blocks of the columns.</param>
    /// <param name="coefficients">Coefficients in the units of the columns, columns x columns: entry (i, j) is that of column j on column i.</param>
    /// <param name="target">Index of the block that the circuit explains.</param>
    /// <returns>One relevance per block, and one entry per pair of blocks with a coefficient that is not zero, in order of (target, source).</returns>
    public static (IReadOnlyList<BlockRelevance> Blocks, IReadOnlyList<EdgeRelevance> Edges) Compute(
        GramStatistics statistics, BlockOrder order, SparseColumns coefficients, int target)
    {
        ArgumentNullException.ThrowIfNull(statistics);
        ArgumentNullException.ThrowIfNull(order);
        ArgumentNullException.ThrowIfNull(coefficients);
        return new RelevancePropagation(statistics, order, coefficients, target).Run();
    }

    private (IReadOnlyList<BlockRelevance> Blocks, IReadOnlyList<EdgeRelevance> Edges) Run()
    {
        // T, one row of k numbers per column of the design.
        double[] toTarget = new double[_order.Columns * _outputs];
        RegressionBlock sink = _order.Blocks[_target];
        for (int k = 0; k < _outputs; k++)
        {
            toTarget[((sink.FirstColumn + k) * _outputs) + k] = 1;
        }

        double targetVariation = 0;
        BlockRelevance[] relevances = new BlockRelevance[_order.Blocks.Count];
        List<EdgeRelevance> edges = [];
        int[] backwards = [.. Enumerable.Range(0, _order.Blocks.Count).OrderByDescending(block => _order.Blocks[block].Place).ThenByDescending(block => block)];

        // The target comes first: a block that stands at its place or after it has no way to it, and its T stays zero.
        foreach (int block in backwards.OrderByDescending(block => block == _target))
        {
            double variation = Variation(block, toTarget);
            targetVariation = block == _target ? variation : targetVariation;
            double node = targetVariation > 0 ? Math.Min(1, variation / targetVariation) : 0;
            double[] carried = new double[toTarget.Length];
            SortedSet<int> sources = Carry(block, toTarget, carried);
            double unexplained = Unexplained(block, toTarget, carried, variation, sources);
            double[] carriedVariation = [.. sources.Select(source => Variation(source, carried))];
            double total = carriedVariation.Sum() + unexplained;
            foreach ((int source, double part) in sources.Zip(carriedVariation))
            {
                edges.Add(new EdgeRelevance(source, block, total > 0 ? part / total * node : 0, Norm(source, block)));
            }

            for (int i = 0; i < carried.Length; i++)
            {
                toTarget[i] += carried[i];
            }

            relevances[block] = new BlockRelevance(node, sources.Count > 0 && variation > 0 ? Math.Clamp(1 - (unexplained / variation), 0, 1) : null);
        }

        return (relevances, [.. edges.OrderBy(edge => edge.Target).ThenBy(edge => edge.Source)]);
    }

    // carried := A[., block] T_block, rows by source column; returns the source blocks with a coefficient.
    private SortedSet<int> Carry(int block, double[] toTarget, double[] carried)
    {
        SortedSet<int> sources = [];
        RegressionBlock target = _order.Blocks[block];
        for (int j = target.FirstColumn; j < target.FirstColumn + target.Width; j++)
        {
            ReadOnlySpan<int> rows = _coefficients.RowsOf(j);
            ReadOnlySpan<double> values = _coefficients.ValuesOf(j);
            for (int index = 0; index < rows.Length; index++)
            {
                sources.Add(_order.BlockOf(rows[index]));
                for (int k = 0; k < _outputs; k++)
                {
                    carried[(rows[index] * _outputs) + k] += values[index] * toTarget[(j * _outputs) + k];
                }
            }
        }

        return sources;
    }

    // V(r_b M) = trace(M' S_bb M), M the block's rows of a columns x k matrix.
    private double Variation(int block, double[] matrix) => Product(block, matrix, block, matrix);

    // trace(L' S_ab R).
    private double Product(int left, double[] leftMatrix, int right, double[] rightMatrix)
    {
        RegressionBlock a = _order.Blocks[left];
        RegressionBlock b = _order.Blocks[right];
        double sum = 0;
        for (int i = a.FirstColumn; i < a.FirstColumn + a.Width; i++)
        {
            ReadOnlySpan<double> row = _statistics.CentredProducts(i);
            for (int k = 0; k < _outputs; k++)
            {
                double factor = leftMatrix[(i * _outputs) + k];
                if (factor == 0)
                {
                    continue;
                }

                double inner = 0;
                for (int j = b.FirstColumn; j < b.FirstColumn + b.Width; j++)
                {
                    inner += row[j] * rightMatrix[(j * _outputs) + k];
                }

                sum += factor * inner;
            }
        }

        return sum;
    }

    // V(r_v T_v - sum_u r_u C_u) = V(r_v T_v) - 2 sum_u <r_v T_v, r_u C_u> + sum_{u,w} <r_u C_u, r_w C_w>; rounding may leave it a little below zero.
    private double Unexplained(int block, double[] toTarget, double[] carried, double variation, SortedSet<int> sources)
    {
        double cross = 0;
        double explained = 0;
        foreach (int source in sources)
        {
            cross += Product(block, toTarget, source, carried);
            foreach (int other in sources)
            {
                explained += Product(source, carried, other, carried);
            }
        }

        return Math.Max(0, variation - (2 * cross) + explained);
    }

    private double Norm(int source, int block)
    {
        double sum = 0;
        RegressionBlock from = _order.Blocks[source];
        RegressionBlock to = _order.Blocks[block];
        for (int j = to.FirstColumn; j < to.FirstColumn + to.Width; j++)
        {
            ReadOnlySpan<int> rows = _coefficients.RowsOf(j);
            ReadOnlySpan<double> values = _coefficients.ValuesOf(j);
            for (int index = 0; index < rows.Length; index++)
            {
                sum += rows[index] >= from.FirstColumn && rows[index] < from.FirstColumn + from.Width ? values[index] * values[index] : 0;
            }
        }

        return Math.Sqrt(sum);
    }
}
