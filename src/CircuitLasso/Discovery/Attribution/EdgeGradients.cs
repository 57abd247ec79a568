using CircuitLasso.Models;
using CircuitLasso.Numerics;
using CircuitLasso.Tensors;

namespace CircuitLasso;

/// <summary>
/// Gradients of a loss by what every destination reads, summed over several passes of one batch, and their products with differences of the sources. The passes are
/// ordinary ones: nothing is patched, so all heads of a layer read the same, and their gradients follow from those at queries, keys and values.
/// </summary>
internal sealed class EdgeGradients : IDisposable
{
    // Columns of one partial product: fixed, so that the sum is the same for any number of threads.
    private const int Chunk = 1 << 14;
    private static readonly SiteKind[] _headSites = [SiteKind.Query, SiteKind.Key, SiteKind.Value];
    private readonly TransformerModel _model;
    private readonly PatchingGraph _graph;
    private readonly HeadInputBackward _heads;
    private readonly int _columns;
    private readonly NativeBuffer<float> _gradients;

    public EdgeGradients(TransformerModel model, PatchingGraph graph, HeadInputBackward heads, int rows)
    {
        _model = model;
        _heads = heads;
        _graph = graph;
        _columns = checked(rows * model.Description.Width);
        _gradients = new NativeBuffer<float>((nint)graph.Destinations.Count * _columns);
    }

    /// <summary>Bytes that gradients, differences and the graph of a pass take for each position of a text, roughly.</summary>
    public static double BytesPerPosition(TransformerModel model, PatchingGraph graph, DiscoveryTask task)
    {
        ModelDescription description = model.Description;
        AttentionDescription attention = description.Attention;
        int positions = task.Clean.Max(text => text.Length);
        double layer = (12.0 * description.Width) + (4.0 * description.Mlp.HiddenWidth) + (6.0 * attention.Heads * attention.HeadWidth) + (3.0 * attention.Heads * positions);
        double scored = (double)task.ScoredPositions.Sum(scored => scored.Length) / task.Clean.Sum(text => text.Length);
        return sizeof(float) * (((graph.Sources + graph.Destinations.Count + (4.0 * attention.Heads)) * description.Width)
            + (layer * description.Layers) + (4 * scored * description.OutputSize));
    }

    /// <summary>Runs one pass forwards and backwards and adds its gradients.</summary>
    /// <param name="batch">The texts.</param>
    /// <param name="embedding">What stands in the place of the embedding, [b, p, d]; null for the texts' own.</param>
    /// <param name="loss">The loss of what the unembedding reads.</param>
    /// <param name="hooks">What else is read or replaced; null for nothing.</param>
    public void AddPass(TokenBatch batch, float[]? embedding, Func<Tensor, Tensor> loss, ForwardHooks? hooks = null)
    {
        using TensorScope scope = new();
        hooks ??= new ForwardHooks();
        int layers = _model.Description.Layers;
        Tensor[] read = new Tensor[layers];
        Dictionary<Site, Tensor> reached = [];
        hooks.Add(new Site(SiteKind.Embedding), (_, value) =>
        {
            Tensor leaf = embedding is null ? value.Detach() : Tensor.FromValues(embedding, value.Shape);
            leaf.RequiresGradient = true;
            return leaf;
        });
        for (int layer = 0; layer < layers; layer++)
        {
            hooks.Add(new Site(SiteKind.AttentionInput, layer), (site, value) =>
            {
                read[site.Layer] = value;
                return null;
            });
            foreach (SiteKind kind in _headSites.Append(SiteKind.MlpInput))
            {
                hooks.Add(new Site(kind, layer), (site, value) =>
                {
                    // Another tensor over the same numbers: the MLP's gradient apart from that of the stream that passes it by.
                    Tensor own = value.Reshape(value.Shape);
                    own.RetainGradient();
                    reached.Add(site, own);
                    return own;
                });
            }
        }

        Tensor last = _model.Forward(batch, hooks, LogitPositions.None);
        Tensor logitsInput = last.Reshape(last.Shape);
        logitsInput.RetainGradient();
        loss(logitsInput).Backward();
        Add(_graph.Destinations.Count - 1, logitsInput.Gradient);
        for (int layer = 0; layer < layers; layer++)
        {
            Add(_graph.Mlp(layer), reached[new Site(SiteKind.MlpInput, layer)].Gradient);

            // Where a pass replaces a layer's mixed values nothing flows to its queries, keys and values.
            _heads.Add(
                layer,
                read[layer].ToArray(),
                [.. _headSites.Select(kind => reached[new Site(kind, layer)].Gradient?.ToArray())],
                new NativeWindow(_gradients, (nint)_graph.FirstHeadInput(layer, HeadInput.Query) * _columns));
        }
    }

    /// <summary>
    /// Adds factor times the sum over texts, positions and width of (difference of the source) x (gradient at the destination) to scores by destination and source.
    /// </summary>
    public void AddScores(RecordedSources clean, RecordedSources corrupt, double factor, double[][] scores)
    {
        using NativeBuffer<float> differences = Differences(clean, corrupt);
        (int First, int Count, int Sources)[] groups = [.. Groups()];
        int chunks = (_columns + Chunk - 1) / Chunk;
        float[][] partial = new float[chunks][];
        int size = groups.Sum(group => group.Count * group.Sources);
        DeterministicParallel.For(chunks, chunk =>
        {
            int start = chunk * Chunk;
            int width = Math.Min(Chunk, _columns - start);
            float[] products = partial[chunk] = new float[size];
            int offset = 0;
            foreach ((int first, int count, int sources) in groups)
            {
                MatrixProduct.Gemm(
                    false,
                    true,
                    count,
                    sources,
                    width,
                    1,
                    Window(_gradients, first, count, start),
                    _columns,
                    Window(differences, 0, sources, start),
                    _columns,
                    0,
                    products.AsSpan(offset, count * sources),
                    sources);
                offset += count * sources;
            }
        });
        foreach (float[] products in partial)
        {
            int at = 0;
            foreach ((int first, int count, int sources) in groups)
            {
                for (int i = 0; i < count * sources; i++)
                {
                    scores[first + (i / sources)][i % sources] += factor * products[at++];
                }
            }
        }
    }

    public void Dispose() => _gradients.Dispose();

    private ReadOnlySpan<float> Window(NativeBuffer<float> matrix, int firstRow, int rows, int column)
    {
        nint start = ((nint)firstRow * _columns) + column;
        return matrix.Slice(start, checked((int)(((nint)(firstRow + rows) * _columns) - start)));
    }

    // Runs of destinations that read the same sources.
    private IEnumerable<(int First, int Count, int Sources)> Groups()
    {
        int heads = _graph.Components.Heads + (2 * _graph.KeyHeads);
        for (int layer = 0; layer < _graph.Components.Layers; layer++)
        {
            int first = _graph.FirstHeadInput(layer, HeadInput.Query);
            yield return (first, heads, _graph.SourceCount(first));
            yield return (_graph.Mlp(layer), 1, _graph.SourceCount(_graph.Mlp(layer)));
        }

        yield return (_graph.Destinations.Count - 1, 1, _graph.Sources);
    }

    private void Add(int destination, Tensor? gradient)
    {
        if (gradient is null)
        {
            return;
        }

        Span<float> sum = _gradients.Slice((nint)destination * _columns, checked((int)gradient.Length));
        float[] values = gradient.ToArray();
        System.Numerics.Tensors.TensorPrimitives.Add(sum, values, sum);
    }

    // [sources, columns].
    private NativeBuffer<float> Differences(RecordedSources clean, RecordedSources corrupt)
    {
        NativeBuffer<float> differences = new((nint)_graph.Sources * _columns, zeroed: false);
        using IDisposable mode = GradientMode.Disable();
        System.Numerics.Tensors.TensorPrimitives.Subtract(corrupt.Embedding, clean.Embedding, Row(0, 1));
        int heads = _graph.Components.Heads;
        int width = _model.Description.Attention.HeadWidth;
        for (int layer = 0; layer < _graph.Components.Layers; layer++)
        {
            using TensorScope scope = new();
            int first = 1 + (layer * (heads + 1));
            float[] mix = new float[clean.Mixes[layer].Length];
            System.Numerics.Tensors.TensorPrimitives.Subtract(corrupt.Mixes[layer], clean.Mixes[layer], mix);
            _model.HeadContributions(layer, Tensor.FromValues(mix, 1, mix.Length / (heads * width), heads, width)).CopyTo(Row(first, heads));
            System.Numerics.Tensors.TensorPrimitives.Subtract(corrupt.Mlps[layer], clean.Mlps[layer], Row(first + heads, 1));
        }

        return differences;

        Span<float> Row(int source, int count) => differences.Slice((nint)source * _columns, checked(count * _columns));
    }
}
