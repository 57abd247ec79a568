using System.Numerics.Tensors;
using CircuitLasso.Models;
using CircuitLasso.Tensors;
using Tensor = CircuitLasso.Tensors.Tensor;

namespace CircuitLasso;

/// <summary>Values of a circuit's nodes on one batch with some edges cut, and the behaviour that the model shows with them.</summary>
internal sealed partial class FeatureEdgeValues
{
    private readonly FeatureEdgeGraph _graph;
    private readonly FeatureEdgeMeans _means;
    private readonly FeatureBatch _batch;
    private readonly double[][] _clean;
    private readonly float[][] _ablated;
    private readonly double[]?[] _ofErrors;

    public FeatureEdgeValues(FeatureEdgeGraph graph, FeatureEdgeMeans means, FeatureBatch batch)
    {
        (_graph, _means, _batch) = (graph, means, batch);
        _clean = new double[batch.Rows][];
        for (int row = 0; row < batch.Rows; row++)
        {
            _clean[row] = new double[graph.Nodes.Count];
            FeatureEdgeMeans.Read(graph, batch.Clean, row, _clean[row]);
        }

        _ablated = [.. Enumerable.Range(0, graph.Sites.Count).Select(batch.Replaced)];
        _ofErrors = new double[graph.Edges.Count][];
        for (int node = 0; node < graph.Nodes.Count; node++)
        {
            foreach (int edge in graph.Into[node].Where(edge => graph.CoefficientsOfError(edge).Count > 0))
            {
                _ofErrors[edge] = OfError(node, edge);
            }
        }
    }

    /// <summary>The batch's share of the behaviour.</summary>
    /// <param name="kept">Which edges are kept.</param>
    /// <param name="keepsRest">Whether all that is in no edge is kept too; otherwise it is at its mean.</param>
    /// <param name="isRecomputed">Whether the model recomputes nodes; otherwise they are what the edges carry.</param>
    /// <param name="keepsUnexplained">Whether what the edges do not explain of a node is kept.</param>
    public double Score(bool[] kept, bool keepsRest, bool isRecomputed, bool keepsUnexplained)
    {
        double[][] values = [.. _clean.Select(row => (double[])[.. row])];
        for (int node = 0; node < _graph.Nodes.Count; node++)
        {
            if (_graph.Nodes[node] is { Site: > 0, IsError: false })
            {
                if (!isRecomputed)
                {
                    Learn(node, kept, keepsRest || keepsUnexplained, values);
                }
                else if (keepsRest ? _graph.Into[node].Count > 0 : _graph.Into[node].Exists(edge => kept[edge] && Carries(edge, node)))
                {
                    Recompute(node, kept, keepsRest, values);
                }
                else if (!keepsRest)
                {
                    SetMean(node, values);
                }
            }
        }

        if (_batch.HasReadout)
        {
            return _batch.Score([.. Enumerable.Range(0, _graph.Sites.Count).Select(site => Readings(site, kept, keepsRest, values))]);
        }

        using TensorScope scope = new();
        using IDisposable mode = GradientMode.Disable();
        return _batch.Score(_graph.OutputSites, Replaced(_graph.OutputSites, _graph.Nodes.Count, kept, keepsRest, values)).Item();
    }

    // Whether the source is at a site that reaches the node without passing another.
    private bool Carries(int edge, int node) => FeatureEdgeGradients.SourcesOf(_graph.Sites, _graph.Nodes[node].Site).Contains(_graph.Nodes[_graph.Sources[edge]].Site);

    private Tensor[] Replaced(int[] sites, int target, bool[] kept, bool keepsRest, double[][] values) =>
        [.. sites.Select(site => Tensor.FromValues(Activations(site, target, kept, keepsRest, values), _batch.Rows, _ablated[site].Length / _batch.Rows))];

    private void Learn(int node, bool[] kept, bool keepsUnexplained, double[][] values)
    {
        SparseAutoencoder autoencoder = _graph.Sites[_graph.Nodes[node].Site].Autoencoder;
        double least = autoencoder.Architecture.KeepsNegative ? double.NegativeInfinity : 0;
        Numerics.DeterministicParallel.For(_batch.Rows, row =>
        {
            if (!_batch.IsReal(row, out int position) || !_graph.IsAt(node, position))
            {
                return;
            }

            // What the edges do not explain, and then what they carry.
            double sum = keepsUnexplained ? _clean[row][node] : _means.Node(position, node);
            foreach (int edge in _graph.Into[node])
            {
                (int source, int sourceRow) = (_graph.Sources[edge], _graph.SourceRow(edge, row, position));
                double mean = _means.Edge(position, edge);
                sum -= keepsUnexplained ? Carried(_clean[sourceRow][source]) : mean;
                sum += kept[edge] ? Carried(values[sourceRow][source]) : mean;

                // An error is what it is on the clean text, whatever leads into it.
                double Carried(double value) => _ofErrors[edge] is { } ofError ? ofError[row] : FeatureEdgeMeans.Carried(_graph, _batch.Clean, row, sourceRow, edge, node, value);
            }

            values[row][node] = Math.Max(least, sum);
        });
    }

    // What an edge from an error carries in every row in which its target stands.
    private double[] OfError(int node, int edge)
    {
        double[] carried = new double[_batch.Rows];
        for (int row = 0; row < carried.Length; row++)
        {
            if (_batch.IsReal(row, out int position) && _graph.IsAt(node, position))
            {
                carried[row] = FeatureEdgeMeans.Carried(_graph, _batch.Clean, row, _graph.SourceRow(edge, row, position), edge, node, 0);
            }
        }

        return carried;
    }

    private void SetMean(int node, double[][] values)
    {
        for (int row = 0; row < _batch.Rows; row++)
        {
            if (_batch.IsReal(row, out int position))
            {
                values[row][node] = _means.Node(position, node);
            }
        }
    }

    private void Recompute(int node, bool[] kept, bool keepsRest, double[][] values)
    {
        int site = _graph.Nodes[node].Site;
        int[] sources = FeatureEdgeGradients.SourcesOf(_graph.Sites, site);
        using TensorScope scope = new();
        using IDisposable mode = GradientMode.Disable();
        using SiteState state = _batch.Reached(sources, Replaced(sources, node, kept, keepsRest, values), site);
        for (int row = 0; row < _batch.Rows; row++)
        {
            int at = state.Features.Indices(row).BinarySearch(_graph.Nodes[node].Feature);
            values[row][node] = at < 0 ? 0 : state.Scale(row) * (double)state.Features.Values(row)[at];
        }
    }

    // A site's activations as a node (or, last, the behaviour) reads them: sources of kept edges with their values.
    private float[] Activations(int site, int target, bool[] kept, bool keepsRest, double[][] values)
    {
        SparseAutoencoder autoencoder = _graph.Sites[site].Autoencoder;
        int width = autoencoder.OutputWidth;
        SiteState clean = _batch.Clean[site];
        float[] activations = [.. keepsRest ? clean.Values : _ablated[site]];
        int[] nodes = [.. Enumerable.Range(0, _graph.Nodes.Count).Where(node => _graph.Nodes[node].Site == site)];
        Dictionary<int, bool> edges = _graph.Into[target].Where(edge => _graph.Nodes[_graph.Sources[edge]].Site == site).ToDictionary(edge => _graph.Sources[edge], edge => kept[edge]);
        Numerics.DeterministicParallel.For(_batch.Rows, row =>
        {
            if (!_batch.IsReal(row, out int position))
            {
                return;
            }

            Span<float> value = activations.AsSpan(row * width, width);
            foreach (int node in nodes.Where(node => _graph.IsAt(node, position)))
            {
                bool isKept = edges.TryGetValue(node, out bool named) ? named : keepsRest;
                if (_graph.Nodes[node].IsError)
                {
                    if (isKept != keepsRest)
                    {
                        ReadOnlySpan<float> own = clean.Errors.AsSpan(row * width, width);
                        ReadOnlySpan<float> mean = _batch.Replacement(site, row).Error;
                        TensorPrimitives.MultiplyAdd(own, isKept ? 1f : -1f, value, value);
                        TensorPrimitives.MultiplyAdd(mean, isKept ? -1f : 1f, value, value);
                    }

                    continue;
                }

                double wanted = isKept ? values[row][node] : _means.Node(position, node);
                double present = keepsRest ? _clean[row][node] : _means.Node(position, node);
                if (wanted != present)
                {
                    TensorPrimitives.MultiplyAdd(autoencoder.DecoderDirection(_graph.Nodes[node].Feature), (float)(wanted - present), value, value);
                }
            }
        });
        return activations;
    }
}
