using CircuitLasso.Regression;

namespace CircuitLasso;

/// <summary>
/// Turns coefficients into edge weights by passing the target's variation backwards through them.
/// </summary>
/// <remarks>
/// <para>Let r_v be the centred columns of block v, A[u,v] the coefficients of block v on block u, R the readout of the target y, and T_v (width of v x k) the
/// linear map from r_v to y through everything after v: T_u = R_u + sum over v of A[u,v] T_v, in reverse order of computation. V(X) is the sum of squares of X
/// over its rows.</para>
/// <para>node(v) = min(1, V(r_v T_v) / V(y)) is the block's relevance; node(y) = 1.
/// p(u,v) = V(r_u A[u,v] T_v) is what the source carries into that part of v that matters, and e(v) = V((r_v - sum_u r_u A[u,v]) T_v) what no source explains.
/// The weight of the edge is p(u,v) / (sum_u' p(u',v) + e(v)) * node(v): how much of the target's relevant variation the source carries, times how much the
/// target matters to y.</para>
/// <para>Everything is computed from the Gram matrix; no row is read again. Source of the idea: the study of known circuits that the project began with, in which
/// coefficient norms alone recovered little and relevance to the output decided.</para>
/// </remarks>
internal sealed class RelevancePropagation
{
    private readonly GramStatistics _statistics;
    private readonly BlockOrder _order;
    private readonly SparseColumns _coefficients;
    private readonly Readout _readout;
    private readonly int _outputs;

    private RelevancePropagation(GramStatistics statistics, BlockOrder order, SparseColumns coefficients, Readout readout)
    {
        _statistics = statistics;
        _order = order;
        _coefficients = coefficients;
        _readout = readout;
        _outputs = readout.Outputs;
    }

    /// <summary>Computes all relevances and edge weights.</summary>
    /// <param name="statistics">Statistics of all columns.</param>
    /// <param name="order">The blocks of the columns.</param>
    /// <param name="coefficients">Coefficients in the units of the columns, columns x columns: entry (i, j) is that of column j on column i.</param>
    /// <param name="readout">From the columns to the target.</param>
    public static RelevanceResult Compute(GramStatistics statistics, BlockOrder order, SparseColumns coefficients, Readout readout) =>
        new RelevancePropagation(statistics, order, coefficients, readout).Run();

    private RelevanceResult Run()
    {
        // T, one row of k numbers per column of the design.
        double[] toTarget = (double[])_readout.Coefficients.Clone();
        int[] all = [.. Enumerable.Range(0, _order.Blocks.Count)];
        int[] read = [.. all.Where(block => Columns(block).Any(_readout.Reads))];
        List<EdgeRelevance> targetEdges = [.. Weigh(-1, read, toTarget, 1, _readout.Unexplained, source => ReadoutNorm(source))];
        BlockRelevance[] relevances = new BlockRelevance[all.Length];
        List<EdgeRelevance> edges = [];
        foreach (int block in all.OrderByDescending(block => _order.Blocks[block].Place).ThenByDescending(block => block))
        {
            double variation = Product(block, toTarget, block, toTarget);
            double node = _readout.Variation > 0 ? Math.Min(1, variation / _readout.Variation) : 0;
            double[] carried = new double[toTarget.Length];
            SortedDictionary<int, double> squaredNorms = Carry(block, toTarget, carried);
            int[] sources = [.. squaredNorms.Keys];
            double unexplained = Unexplained(block, toTarget, carried, variation, sources);
            edges.AddRange(Weigh(block, sources, carried, node, unexplained, source => Math.Sqrt(squaredNorms[source])));
            for (int i = 0; i < carried.Length; i++)
            {
                toTarget[i] += carried[i];
            }

            relevances[block] = new BlockRelevance(node, sources.Length > 0 && variation > 0 ? Math.Clamp(1 - (unexplained / variation), 0, 1) : null);
        }

        double explained = _readout.Variation > 0 ? Math.Clamp(1 - (_readout.Unexplained / _readout.Variation), 0, 1) : 0;
        return new RelevanceResult(relevances, [.. edges.OrderBy(edge => edge.Target).ThenBy(edge => edge.Source)], targetEdges, explained);
    }

    private IEnumerable<EdgeRelevance> Weigh(int target, int[] sources, double[] carried, double node, double unexplained, Func<int, double> norm)
    {
        double[] parts = [.. sources.Select(source => Product(source, carried, source, carried))];
        double total = parts.Sum() + unexplained;
        return sources.Select((source, i) => new EdgeRelevance(source, target, total > 0 ? parts[i] / total * node : 0, norm(source)));
    }

    // carried := A[., block] T_block, rows by source column; returns the source blocks with the squared norms of their coefficients.
    private SortedDictionary<int, double> Carry(int block, double[] toTarget, double[] carried)
    {
        SortedDictionary<int, double> sources = [];
        foreach (int j in Columns(block))
        {
            ReadOnlySpan<int> rows = _coefficients.RowsOf(j);
            ReadOnlySpan<double> values = _coefficients.ValuesOf(j);
            for (int index = 0; index < rows.Length; index++)
            {
                int source = _order.BlockOf(rows[index]);
                sources[source] = sources.GetValueOrDefault(source) + (values[index] * values[index]);
                for (int k = 0; k < _outputs; k++)
                {
                    carried[(rows[index] * _outputs) + k] += values[index] * toTarget[(j * _outputs) + k];
                }
            }
        }

        return sources;
    }

    // trace(L' S_ab R), with the rows of L and R that belong to blocks a and b.
    private double Product(int left, double[] leftMatrix, int right, double[] rightMatrix)
    {
        RegressionBlock b = _order.Blocks[right];
        double sum = 0;
        foreach (int i in Columns(left))
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
    private double Unexplained(int block, double[] toTarget, double[] carried, double variation, int[] sources)
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

    private double ReadoutNorm(int block)
    {
        RegressionBlock source = _order.Blocks[block];
        double sum = 0;
        foreach (double value in _readout.Coefficients.AsSpan(source.FirstColumn * _outputs, source.Width * _outputs))
        {
            sum += value * value;
        }

        return Math.Sqrt(sum);
    }

    private IEnumerable<int> Columns(int block) => Enumerable.Range(_order.Blocks[block].FirstColumn, _order.Blocks[block].Width);
}
