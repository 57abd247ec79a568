using CircuitLasso.Models;
using CircuitLasso.Tensors;

namespace CircuitLasso.Tests;

/// <summary>
/// The tied regression and its relevance pass once more, as the study states them: values from hooks, text by text; every A[u, v] a dense matrix of slots x width squared;
/// T by the sum over readers for every component apart.
/// </summary>
internal sealed class ExplicitTiedRidge
{
    private readonly TransformerModel _model;
    private readonly ComponentGraph _graph;
    private readonly SampleLayout _layout;
    private readonly Dictionary<(Site Site, int Sample), float[]> _values = [];
    private readonly int _width;
    private readonly int _slots;
    private readonly bool _pooled;

    public ExplicitTiedRidge(TransformerModel model, SampleLayout layout, bool pooled)
    {
        (_model, _layout, _pooled, _graph) = (model, layout, pooled, model.Components());
        _width = model.Description.Width;
        _slots = layout.Slots;
        using IDisposable mode = GradientMode.Disable();
        for (int s = 0; s < layout.Samples; s++)
        {
            int sample = s;
            ForwardHooks hooks = new();
            foreach (Site site in model.Sites)
            {
                hooks.Add(site, (at, value) =>
                {
                    _values[(at, sample)] = value.ToArray();
                    return null;
                });
            }

            using TensorScope scope = new();
            model.Forward(new TokenBatch([layout.Text(sample)]), hooks);
        }
    }

    /// <summary>p(u, v) by edge and V(r_v T_v) by node, for penalties as shares of the mean diagonal by node.</summary>
    public (double[] Edges, double[] Nodes) Compute(IReadOnlyList<double> shares)
    {
        int nodes = _graph.Nodes.Count;
        int classes = _model.Description.OutputSize;
        int outputs = _layout.ScoredSlots.Length * classes;
        double[][,] written = [.. Enumerable.Range(0, nodes).Select(Written)];
        double[][,] downstream = new double[nodes][,];
        double[] edges = new double[_graph.EdgeCount];
        double[] variation = new double[nodes];
        downstream[^1] = DenseMatrix.Of(_slots * classes, outputs, (row, column) => row == (_layout.ScoredSlots[column / classes] * classes) + (column % classes) ? 1 : 0);
        List<(int Reader, double[,] Map)> readers = [];
        for (int v = nodes - 1; v >= 0; v--)
        {
            int dimension = v == nodes - 1 ? classes : _width;
            if (v < nodes - 1)
            {
                // T_u = sum over its readers of A[u, v] T_v.
                downstream[v] = new double[_slots * _width, outputs];
                foreach ((int reader, double[,] map) in readers.Where(r => v < _graph.SourceCount(r.Reader)))
                {
                    double[] scales = [.. Enumerable.Range(0, _slots).Select(slot => Enumerable.Range(0, _layout.Samples).Where(i => _layout.IsReal[(i * _slots) + slot]).Average(i => Scale(reader, i, slot)))];
                    for (int row = 0; row < _slots * _width; row++)
                    {
                        for (int o = 0; o < outputs; o++)
                        {
                            double projected = 0;
                            for (int i = 0; i < _width; i++)
                            {
                                projected += Projection(row % _width, i) * map[(row / _width * _width) + i, o];
                            }

                            downstream[v][row, o] += scales[row / _width] * projected;
                        }
                    }
                }
            }

            double[,] own = Flat(written[v], dimension);
            variation[v] = DenseMatrix.SquaredNorm(own.Times(downstream[v])) / _layout.Samples;
            if (v == 0)
            {
                continue;
            }

            Func<double[,], double[,]> apply = Fit(v, written[v], dimension, shares[v], out double[,] mean);
            readers.Add((v, mean.Times(downstream[v])));
            for (int u = 0; u < _graph.SourceCount(v); u++)
            {
                double[,] part = apply(Normalized(v, (i, slot) => Row(written[u], i, slot, _width)));
                edges[_graph.EdgeIndex(u, v)] = DenseMatrix.SquaredNorm(Flat(part, dimension).Times(downstream[v])) / _layout.Samples;
            }
        }

        return (edges, variation);
    }

    // Fits a reader; what it makes of anything read (rows x width to rows x written), and the same as one matrix with the mean pattern.
    private Func<double[,], double[,]> Fit(int v, double[,] written, int dimension, double share, out double[,] mean)
    {
        double[,] read = Normalized(v, (i, slot) => Residual(v, i, slot));
        ComponentNode node = _graph.Nodes[v];
        if (node.Kind == CircuitNodeKind.AttentionHead && !_pooled)
        {
            double[,] design = Flat(read, _width);
            double[,] target = Flat(written, _width);
            double[,] all = new double[_slots * _width, _slots * _width];
            double penalty = share * DenseMatrix.MeanSquaredDiagonal(design);
            for (int slot = 0; slot < _slots; slot++)
            {
                int sources = _model.Description.Attention.Causal ? slot + 1 : _slots;
                double[,] b = DenseMatrix.Ridge(
                    DenseMatrix.Of(_layout.Samples, sources * _width, (i, j) => design[i, j]), DenseMatrix.Of(_layout.Samples, _width, (i, j) => target[i, (slot * _width) + j]), penalty);
                for (int i = 0; i < b.GetLength(0); i++)
                {
                    for (int j = 0; j < _width; j++)
                    {
                        all[i, (slot * _width) + j] = b[i, j];
                    }
                }
            }

            mean = all;
            return rows => Rows(Flat(rows, _width).Times(all), _width);
        }

        bool isHead = node.Kind == CircuitNodeKind.AttentionHead;
        double[,] Mix(double[,] rows) => isHead ? Centred(DenseMatrix.Of(rows.GetLength(0), _width, (row, j) => Enumerable.Range(0, _slots)
            .Sum(source => Pattern(node, row / _slots, row % _slots, source) * rows[(row / _slots * _slots) + source, j]))) : rows;
        written = isHead ? Values(node) : written;
        int[] used = [.. Enumerable.Range(0, read.GetLength(0)).Where(row => node.Kind != CircuitNodeKind.Logits || _layout.IsScored[row])];
        double[,] x = DenseMatrix.Of(used.Length, _width, (i, j) => read[used[i], j]);
        double[,] matrix = DenseMatrix.Ridge(x, DenseMatrix.Of(used.Length, dimension, (i, j) => written[used[i], j]), share * DenseMatrix.MeanSquaredDiagonal(x));
        double[,] pattern = DenseMatrix.Of(_slots, _slots, (slot, source) => !isHead ? slot == source ? 1 : 0
            : Enumerable.Range(0, _layout.Samples).Where(i => _layout.IsReal[(i * _slots) + slot]).Average(i => Pattern(node, i, slot, source)));
        mean = DenseMatrix.Of(_slots * _width, _slots * dimension, (row, column) => pattern[column / dimension, row / _width] * matrix[row % _width, column % dimension]);
        return rows => Mix(rows).Times(matrix);
    }

    // A head's values, brought into the residual stream one by one.
    private double[,] Values(ComponentNode head)
    {
        AttentionDescription attention = _model.Description.Attention;
        int inner = attention.HeadWidth;
        int keyHead = head.Head!.Value / (attention.Heads / attention.KeyValueHeads);
        float[] output = _model.Parameters[new(ParameterRole.OutputWeight, head.Layer!.Value)].ToArray();
        return Centred(DenseMatrix.Of(_layout.Rows, _width, (row, j) => At(row, position => Enumerable.Range(0, inner).Sum(i =>
            (double)Value(new Site(SiteKind.Value, head.Layer.Value), row)[(((position * attention.KeyValueHeads) + keyHead) * inner) + i]
            * output[(j * attention.Heads * inner) + (head.Head.Value * inner) + i]))));
    }

    private double[,] Written(int node)
    {
        ComponentNode component = _graph.Nodes[node];
        int heads = _model.Description.Attention.Heads;
        int classes = _model.Description.OutputSize;
        if (component.Kind != CircuitNodeKind.Logits)
        {
            return Centred(DenseMatrix.Of(_layout.Rows, _width, (row, j) => At(row, position => component.Kind switch
            {
                CircuitNodeKind.Input => Value(new Site(SiteKind.Embedding), row)[(position * _width) + j],
                CircuitNodeKind.AttentionHead => Value(new Site(SiteKind.AttentionHead, component.Layer!.Value), row)[(((position * heads) + component.Head!.Value) * _width) + j],
                _ => Value(new Site(SiteKind.MlpOutput, component.Layer!.Value), row)[(position * _width) + j],
            })));
        }

        double[,] logits = DenseMatrix.Of(_layout.Rows, classes, (row, j) => !_layout.IsScored[row] ? 0 : At(row, position => Value(new Site(SiteKind.Logits), row)[(position * classes) + j]));
        double[,] relative = DenseMatrix.Of(_layout.Rows, classes, (row, j) => logits[row, j] - (classes > 1 ? Enumerable.Range(0, classes).Average(k => logits[row, k]) : 0));
        return DenseMatrix.Of(_layout.Rows, classes, (row, j) => !_layout.IsScored[row] ? 0
            : relative[row, j] - Enumerable.Range(0, _layout.Samples).Where(i => _layout.IsScored[(i * _slots) + (row % _slots)]).Average(i => relative[(i * _slots) + (row % _slots), j]));
    }

    // What a node's norm makes of some rows: over the recorded scale of what it really reads, less the row's mean, centred slot by slot.
    private double[,] Normalized(int v, Func<int, int, double[]> rows)
    {
        double[][] values = [.. Enumerable.Range(0, _layout.Rows).Select(row => _layout.IsReal[row] ? rows(row / _slots, row % _slots) : new double[_width])];
        return Centred(DenseMatrix.Of(_layout.Rows, _width, (row, j) => !_layout.IsReal[row] ? 0
            : Scale(v, row / _slots, row % _slots) * Enumerable.Range(0, _width).Sum(i => Projection(i, j) * values[row][i])));
    }

    private double[] Residual(int v, int sample, int slot)
    {
        ComponentNode node = _graph.Nodes[v];
        Site site = node.Kind switch
        {
            CircuitNodeKind.AttentionHead => new Site(SiteKind.AttentionInput, node.Layer!.Value),
            CircuitNodeKind.Mlp => new Site(SiteKind.MlpInput, node.Layer!.Value),
            _ => new Site(SiteKind.ResidualAfter, _graph.Layers - 1),
        };
        int position = slot - _layout.First(sample);
        return [.. Enumerable.Range(0, _width).Select(j => (double)_values[(site, sample)][(position * _width) + j])];
    }

    private double Scale(int v, int sample, int slot)
    {
        double[] x = Residual(v, sample, slot);
        double mean = _model.Description.Normalization.Kind == NormalizationKind.RootMeanSquare ? 0 : x.Average();
        return _model.Description.Normalization.Kind == NormalizationKind.None ? 1 : 1 / Math.Sqrt((x.Sum(value => (value - mean) * (value - mean)) / _width) + 1e-5);
    }

    private double Projection(int i, int j) =>
        (i == j ? 1 : 0) - (_model.Description.Normalization.Kind is NormalizationKind.Layer or NormalizationKind.LayerWithoutParameters ? 1.0 / _width : 0);

    private double Pattern(ComponentNode head, int sample, int slot, int source)
    {
        int first = _layout.First(sample);
        int length = _layout.Text(sample).Length;
        (int p, int s) = (slot - first, source - first);
        return p < 0 || s < 0 || p >= length || s >= length ? 0
            : _values[(new Site(SiteKind.AttentionPattern, head.Layer!.Value), sample)][(((head.Head!.Value * length) + p) * length) + s];
    }

    private double[,] Centred(double[,] rows) => DenseMatrix.Of(rows.GetLength(0), rows.GetLength(1), (row, j) => !_layout.IsReal[row] ? 0
        : rows[row, j] - Enumerable.Range(0, _layout.Samples).Where(i => _layout.IsReal[(i * _slots) + (row % _slots)]).Average(i => rows[(i * _slots) + (row % _slots), j]));

    private double At(int row, Func<int, double> value) => _layout.IsReal[row] ? value((row % _slots) - _layout.First(row / _slots)) : 0;

    private float[] Value(Site site, int row) => _values[(site, row / _slots)];

    private double[] Row(double[,] rows, int sample, int slot, int columns) => [.. Enumerable.Range(0, columns).Select(j => rows[(sample * _slots) + slot, j])];

    private double[,] Flat(double[,] rows, int columns) => DenseMatrix.Of(_layout.Samples, _slots * columns, (i, j) => rows[(i * _slots) + (j / columns), j % columns]);

    private double[,] Rows(double[,] flat, int columns) => DenseMatrix.Of(_layout.Rows, columns, (row, j) => flat[row / _slots, (row % _slots * columns) + j]);
}
